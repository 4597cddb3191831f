"""The cost of a force against the number of sites, for tools/study-cost.

usage: plot_cost.py LINES FIGURE    LINES: engine, L and milliseconds, parted by tabs; prints a table for the page

The exponent is the slope of the straight line through log t against log N over an engine's two largest lattices.
"""
import sys

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams["svg.hashsalt"] = "holstream"
import matplotlib.pyplot as pyplot
import numpy

lines, figure_name = sys.argv[1:3]
found = {}
for line in open(lines):
    engine, sites, milliseconds = line.rstrip("\n").split("\t")
    found.setdefault(engine, {})[int(sites)] = float(milliseconds)
sizes = sorted({sites for times in found.values() for sites in times})
figure, axis = pyplot.subplots(figsize=(6, 4.2))
print("| engine | " + " | ".join(f"{sites}²" for sites in sizes) + " | exponent of N |")
print("|---|" + "---|" * (len(sizes) + 1))
for engine, times in found.items():
    n = numpy.array([sites**2 for sites in sorted(times)], dtype=float)
    t = numpy.array([times[sites] for sites in sorted(times)])
    exponent = numpy.log(t[-1] / t[-2]) / numpy.log(n[-1] / n[-2]) if len(t) > 1 else numpy.nan
    axis.plot(n, t, "o-", ms=4, lw=1, label=f"{engine}: N^{exponent:.2f}")
    cells = [f"{times[sites]:.3g}" if sites in times else "" for sites in sizes]
    print(f"| {engine} | " + " | ".join(cells) + f" | {exponent:.2f} |")
axis.set(xscale="log", yscale="log", xlabel="N, sites", ylabel="processor milliseconds of a force")
axis.legend(fontsize=8)
figure.tight_layout()
figure.savefig(figure_name)
