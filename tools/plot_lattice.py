"""Draws what `tools/study-lattice` measured: docs/figures/integrators.svg, and the table of chaos.

usage: plot_lattice.py integrators|chaos
"""
import json
import sys

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams["svg.hashsalt"] = "holstream"
import matplotlib.pyplot as pyplot


def integrators(points):
    figure, (error, purity) = pyplot.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    for name, marker in [("rk4", "o"), ("strang", "v"), ("blanes-moan-4", "s"), ("blanes-moan-6", "D")]:
        own = [point for point in points if point["integrator"] == name]
        error.loglog([p["microseconds"] for p in own], [p["error"] for p in own], marker=marker, label=name)
        purity.loglog([p["dt"] for p in own], [max(p["purityChange"], 1e-16) for p in own], marker=marker, label=name)
    error.set_xlabel("µs for one unit of time of one trajectory, one core")
    error.set_ylabel("largest error after 12.8 units of time")
    error.legend()
    purity.set_xlabel("time step")
    purity.set_ylabel("change of Tr ρ² after 12.8 units of time")
    figure.suptitle("Shallow quench, L = 32, ensemble of eight, double precision")
    figure.savefig("docs/figures/integrators.svg", metadata={"Date": None})


def chaos(points):
    horizon = lambda value, end: f"{value:.0f}" if value is not None else f"> {end:.0f}"
    print("| L | largest exponent | dt and dt/2 agree | double and single agree |\n|---|---|---|---|")
    for p in points:
        print(
            f"| {p['sites']} | {p['exponent']:.4f} ± {p['standardError']:.4f} "
            f"| {horizon(p.get('timeStepHorizon'), p['end'])} | {horizon(p.get('singlePrecisionHorizon'), p['end'])} |"
        )


study = sys.argv[1]
with open(f"docs/figures/{study}.json") as file:
    {"integrators": integrators, "chaos": chaos}[study](json.load(file))
