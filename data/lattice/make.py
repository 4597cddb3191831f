"""Makes the small trajectories of this folder with NumPy and SciPy alone: python data/lattice/make.py

The equations are written out as matrices, apart from any code of the package (docs/physics.md):
dρ/dt = −i[H, ρ], dQ/dt = K₀P, dP/dt = ηg(n − 1/2) − K₀Q with H = −t(hopping) + V − gQ.

rk4-*.npy      ρ (5, 8, 8), Q and P (5, 8), at t = 0, 0.16, … 0.64, by RK4 with steps of 0.01
dop853-*.npy   the same at t = 0, 2, 4, 6, 8 by SciPy's DOP853 with tolerances of 1e-13
onsite.npy     V (8)
"""
import pathlib

import numpy
from scipy.integrate import solve_ivp

L, g, k0, eta = 8, 0.9, 0.3, 0.8
random = numpy.random.default_rng(20)
onsite = random.uniform(-0.2, 0.2, L)
hopping = -(numpy.roll(numpy.eye(L), 1, axis=0) + numpy.roll(numpy.eye(L), -1, axis=0))


def derivative(t, y):
    rho, q, p = y[: L * L].reshape(L, L), y[L * L : L * L + L].real, y[L * L + L :].real
    h = hopping + numpy.diag(onsite - g * q)
    return numpy.concatenate(
        [(-1j * (h @ rho - rho @ h)).ravel(), k0 * p, eta * g * (rho.diagonal().real - 0.5) - k0 * q]
    )


def step(y, dt):
    a = derivative(0, y)
    b = derivative(0, y + dt / 2 * a)
    c = derivative(0, y + dt / 2 * b)
    d = derivative(0, y + dt * c)
    return y + dt / 6 * (a + 2 * b + 2 * c + d)


# A Slater determinant of half filling in some complex basis, and a lattice that is not at rest.
basis, _ = numpy.linalg.qr(random.normal(size=(L, L)) + 1j * random.normal(size=(L, L)))
rho = basis[:, : L // 2] @ basis[:, : L // 2].conj().T
start = numpy.concatenate([rho.ravel(), 0.3 * random.normal(size=L), 0.3 * random.normal(size=L)])

rk4 = [start]
for frame in range(4):
    y = rk4[-1]
    for _ in range(16):
        y = step(y, 0.01)
    rk4.append(y)
exact = solve_ivp(derivative, (0, 8), start, "DOP853", t_eval=[0, 2, 4, 6, 8], rtol=1e-13, atol=1e-14).y.T

folder = pathlib.Path(__file__).parent
numpy.save(folder / "onsite.npy", onsite)
for name, frames in [("rk4", numpy.array(rk4)), ("dop853", exact)]:
    numpy.save(folder / f"{name}-rho.npy", frames[:, : L * L].reshape(-1, L, L))
    numpy.save(folder / f"{name}-Q.npy", frames[:, L * L : L * L + L].real.copy())
    numpy.save(folder / f"{name}-P.npy", frames[:, L * L + L :].real.copy())
