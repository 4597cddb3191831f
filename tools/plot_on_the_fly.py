"""The picture of learning on the fly, for `tools/study-on-the-fly`.

usage: plot_on_the_fly.py FRAMES    docs/figures/square-on-the-fly.svg
"""
import csv
import sys

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams["svg.hashsalt"] = "holstream"
import matplotlib.pyplot as pyplot
import numpy

with open(sys.argv[1]) as file:
    rows = list(csv.DictReader(file, delimiter="\t"))
figure, axes = pyplot.subplots(1, 3, figsize=(12, 3.6))
for number, name in enumerate(dict.fromkeys(row["way"] for row in rows)):
    for ensemble, axis in (("canonical", axes[1]), ("grand-canonical", axes[2])):
        own = [row for row in rows if row["way"] == name and row["ensemble"] == ensemble]
        time = numpy.array([float(row["time"]) for row in own])
        error = numpy.array([float(row["error"]) for row in own])
        axis.semilogy(time[1:], error[1:], lw=1, color=f"C{number}", label=name)
        if name.startswith("from") and ensemble == "canonical":
            share = numpy.array([float(row["share"]) for row in own])
            axes[0].semilogy(time, 100 * share, lw=1, color=f"C{number}", label=name)
axes[0].axhline(2, color="gray", lw=0.5)
axes[0].set(xlabel="t", ylabel="% of site-steps solved", title="half filling")
axes[1].set(xlabel="t", ylabel="RMS error of the force", title="half filling")
axes[2].set(xlabel="t", title="μ = 0")
for axis in axes:
    axis.legend(fontsize=6)
for axis in axes[1:]:
    axis.axhline(0.02, color="gray", lw=0.5)
    axis.set_ylim(1e-5, 1)
figure.tight_layout()
figure.savefig("docs/figures/square-on-the-fly.svg")
