"""The peer of bench-square: NumPy's eigh of the square lattice's matrix, as a notebook has it.

usage: square.py SITES   prints CPU milliseconds, the least of a few
"""
import sys, time
import numpy

sites = int(sys.argv[1])
n = sites * sites
index = numpy.arange(n).reshape(sites, sites)
h = numpy.diag(-3.5 * 5.27 * numpy.random.default_rng(1).normal(size=n))
for axis in (0, 1):
    h[index.ravel(), numpy.roll(index, -1, axis).ravel()] = h[numpy.roll(index, -1, axis).ravel(), index.ravel()] = -1
best = float("inf")
for _ in range(5 if sites < 32 else 3):
    begin = time.process_time()
    energies, vectors = numpy.linalg.eigh(h)
    density = (vectors**2) @ (0.5 - 0.5 * numpy.tanh(energies / 0.2))
    best = min(best, time.process_time() - begin)
print(best * 1e3)
