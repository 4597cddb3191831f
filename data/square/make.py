#!/usr/bin/env python3
"""Golden data of the square-lattice Holstein model, by NumPy's eigh alone (docs/square-lattice.md has the equations).

  .venv/bin/python data/square/make.py

Q [8, 6, 6] with T [8]: zero, uniform, checkerboard, a domain wall, random ones. n, F, A: density, force and free energy
at half filling; gc_n, gc_F, gc_A at μ = 0. verlet_Q, verlet_P [11, 6, 6], verlet_E [11]: 40 steps without bath, every
4; xi [20, 6, 6]: given noise, with which bath_Q, bath_P (velocity Verlet, then the bath) and baoab_Q, baoab_P [5, 6, 6]
are steps 0, 5, 10, 15, 20.
"""
import pathlib

import numpy as np

L, g, k, kappa, m, gamma, dt = 6, 3.5, 1.0, 0.18, 5.0, 0.2, 0.05
N = L * L
folder = pathlib.Path(__file__).parent
hopping = np.zeros((N, N))
for y in range(L):
    for x in range(L):
        for j in (y * L + (x + 1) % L, (y + 1) % L * L + x):
            hopping[y * L + x, j] = hopping[j, y * L + x] = -1


def neighbours(q):
    return np.roll(q, 1, 0) + np.roll(q, -1, 0) + np.roll(q, 1, 1) + np.roll(q, -1, 1)


def electrons(q, temperature, canonical=True):
    """Density, force and free energy."""
    e, u = np.linalg.eigh(hopping - np.diag(g * q.ravel()))

    def occupation(mu):
        return 0.5 - 0.5 * np.tanh((e - mu) / (2 * temperature))

    low, high = e[0], e[-1]
    for _ in range(200 if canonical else 0):
        middle = (low + high) / 2
        low, high = (low, middle) if occupation(middle).sum() > N / 2 else (middle, high)
    mu = (low + high) / 2 if canonical else 0.0
    n = ((u ** 2) @ occupation(mu)).reshape(L, L)
    force = g * (n - 0.5) - k * q - kappa * neighbours(q)
    omega = -temperature * np.logaddexp(0, -(e - mu) / temperature).sum()
    elastic = k * (q ** 2).sum() / 2 + kappa * (q * neighbours(q)).sum() / 2
    return n, force, omega + (mu * N / 2 if canonical else 0) + g / 2 * q.sum() + elastic


random = np.random.default_rng(20)
board = np.indices((L, L)).sum(0) % 2 * -2.0 + 1
wall = np.where(np.arange(L)[None, :] < L // 2, 1.0, -1.0)
Q = np.stack([
    np.zeros((L, L)), np.full((L, L), 0.7), 6.25 * board, 6.0 * board * wall,
    np.sqrt(5 / kappa) * random.standard_normal((L, L)), np.sqrt(5 / kappa) * random.standard_normal((L, L)),
    random.standard_normal((L, L)), 5 * board + random.standard_normal((L, L)),
])
T = np.array([0.1, 0.1, 0.1, 0.3, 0.1, 0.5, 0.2, 0.1])
out = {"Q": Q, "T": T}
for prefix, canonical in (("", True), ("gc_", False)):
    parts = [electrons(q, t, canonical) for q, t in zip(Q, T)]
    out[prefix + "n"], out[prefix + "F"], out[prefix + "A"] = (np.stack([p[i] for p in parts]) for i in range(3))

start, momenta = Q[7], np.sqrt(5 * 0.1) * random.standard_normal((L, L))
force = lambda q: electrons(q, 0.1)[1]
a = np.exp(-gamma * dt)
b = np.sqrt((1 - a * a) * m * 0.1)
xi = random.standard_normal((20, L, L))


def run(steps, every, method):
    q, p = start.copy(), momenta.copy()
    f = force(q)
    qs, ps, energies = [q.copy()], [p.copy()], [electrons(q, 0.1)[2] + (p ** 2).sum() / 2 / m]
    for step in range(steps):
        p = p + dt / 2 * f
        if method == "baoab":
            q = q + dt / 2 * p / m
            p = a * p + b * xi[step]
            q = q + dt / 2 * p / m
        else:
            q = q + dt * p / m
        f = force(q)
        p = p + dt / 2 * f
        if method == "bath":
            p = a * p + b * xi[step]
        if (step + 1) % every == 0:
            qs.append(q.copy())
            ps.append(p.copy())
            energies.append(electrons(q, 0.1)[2] + (p ** 2).sum() / 2 / m)
    return np.stack(qs), np.stack(ps), np.array(energies)


out["verlet_Q"], out["verlet_P"], out["verlet_E"] = run(40, 4, "verlet")
out["xi"] = xi
for method in ("bath", "baoab"):
    out[f"{method}_Q"], out[f"{method}_P"], _ = run(20, 5, method)
for name, array in out.items():
    np.save(folder / f"{name}.npy", array)
