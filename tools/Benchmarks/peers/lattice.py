"""The peer of bench-lattice: RK4 of one trajectory with NumPy and SciPy's sparse matrices, as a notebook has it.

usage: lattice.py SITES STEPS   prints microseconds per step
"""
import sys, time
import numpy, scipy.sparse

sites, steps = int(sys.argv[1]), int(sys.argv[2])
g, k0, eta, dt = 1.0, 0.3, 0.8, 0.01
hopping = scipy.sparse.diags([-1.0, -1.0], [1, -1], shape=(sites, sites), format="lil")
hopping[0, -1] = hopping[-1, 0] = -1
hopping = hopping.tocsr().astype(complex)

def derivative(rho, q, p):
    h = hopping - g * scipy.sparse.diags(q)
    return -1j * (h @ rho - rho @ h), k0 * p, eta * g * (rho.diagonal().real - 0.5) - k0 * q

def step(rho, q, p):
    k1 = derivative(rho, q, p)
    k2 = derivative(*(x + dt / 2 * k for x, k in zip((rho, q, p), k1)))
    k3 = derivative(*(x + dt / 2 * k for x, k in zip((rho, q, p), k2)))
    k4 = derivative(*(x + dt * k for x, k in zip((rho, q, p), k3)))
    return tuple(x + dt / 6 * (a + 2 * b + 2 * c + d) for x, a, b, c, d in zip((rho, q, p), k1, k2, k3, k4))

rng = numpy.random.default_rng(0)
state = (numpy.eye(sites, dtype=complex) / 2, 1e-2 * rng.normal(size=sites), 1e-2 * rng.normal(size=sites))
state = step(*state)
best = float("inf")
for _ in range(3):
    begin = time.perf_counter()
    for _ in range(steps):
        state = step(*state)
    best = min(best, (time.perf_counter() - begin) / steps)
print(best * 1e6)
