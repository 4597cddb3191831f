"""Draws the samples of tools/soak.

usage: plot_soak.py SAMPLES.csv FIGURE.svg
"""
import csv
import sys

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams["svg.hashsalt"] = "holstream"
import matplotlib.pyplot as pyplot

panels = [
    ("resident memory (MB)", ["resident_MB", "anonymous_MB"]),
    ("processor time a step (ms)", ["cpu_ms_per_step"]),
    ("steps a second", ["steps_per_second"]),
    ("descriptors, threads", ["descriptors", "threads"]),
    ("/metrics answers in (ms)", ["metrics_ms"]),
    ("store (MB)", ["store_MB"]),
]

with open(sys.argv[1], newline="") as file:
    rows = list(csv.DictReader(file))
figure, axes = pyplot.subplots(3, 2, figsize=(9, 7), sharex=True, layout="constrained")
for axis, (title, names) in zip(axes.flat, panels):
    for name in names:
        points = [(float(row["seconds"]) / 60, float(row[name])) for row in rows if row[name]]
        axis.plot(*zip(*points), linewidth=0.8, label=name.removesuffix("_MB"))
    axis.set_title(title, fontsize="medium")
    axis.set_ylim(bottom=0)
    axis.grid(alpha=0.3)
    if len(names) > 1:
        axis.legend(fontsize="small")
for axis in axes[-1]:
    axis.set_xlabel("minutes")
figure.savefig(sys.argv[2], metadata={"Date": None})
