"""Figures of one quench by several ways to the forces, for `tools/results square-forces`.

usage: plot_square_forces.py FOLDER    from FOLDER/exact.zarr, FOLDER/NAME.zarr, F-NAME.zarr (exact forces of its states),
                                       NAME.climate.json and NAME.seconds: square-forces.svg and a table; of those names that are there

All trajectories begin alike and have the same noise, until rounding and errors part them. Error bars are jackknives over
trajectories.
"""
import json
import pathlib
import sys

import matplotlib.pyplot as pyplot
import numpy
import zarr

import plot_square

names = {
    "windowed-1": "windows, R = 1", "windowed-2": "windows, R = 2", "on-the-fly": "learned on the fly",
    "learned-quench": "network, from quenches", "learned-random": "network, from hot lattices",
}
edges = numpy.linspace(0, numpy.pi, 21)


def radial(phi):
    """S of φ against the distance from (π, π), of every trajectory: (B, bins)."""
    sites = phi.shape[-1]
    factor = numpy.abs(numpy.fft.fft2(phi - phi.mean((-1, -2), keepdims=True))) ** 2 / sites**2
    wave = 2 * numpy.pi * numpy.fft.fftfreq(sites)
    length = numpy.hypot(*numpy.meshgrid(wave, wave))
    count = numpy.histogram(length, edges)[0]
    return numpy.array([numpy.histogram(length, edges, weights=f)[0] / numpy.maximum(count, 1) for f in factor])


def measure(path):
    store = zarr.open_group(str(path), mode="r")
    phi, time = plot_square.order(store)
    pairs, means = plot_square.products(phi)
    parts = [(numpy.delete(pairs, k, 0), numpy.delete(means, k, 0)) for k in range(len(phi))]
    return {
        "time": time, "C": plot_square.correlation(pairs, means), "size": plot_square.length(pairs, means),
        "C error": plot_square.jackknife(numpy.array([plot_square.correlation(*p) for p in parts])),
        "size error": plot_square.jackknife(numpy.array([plot_square.length(*p) for p in parts])),
        "S": radial(phi[:, -1]),
    }


def force_error(folder, name):
    """Root mean square of the force's error at each frame, (T)."""
    own = zarr.open_group(str(folder / f"{name}.zarr"), mode="r")
    exact = zarr.open_group(str(folder / f"F-{name}.zarr"), mode="r")
    count = int(exact["length"][:].min())
    return numpy.sqrt(((own["tendency_P"][:, :count] - exact["force"][:, :count]) ** 2).mean((0, 2, 3)))


def seconds(folder, *files):
    return sum(float(x) for name in files for x in (folder / f"{name}.seconds").read_text().split())


def climate_words(comparison):
    """Means of the observables with the distance of their distributions, its error and its noise floor."""
    words = []
    for entry in comparison["observables"]:
        distance = entry["wasserstein1"]
        words.append(
            f"{entry['name']} {entry['other']['mean']:.5g} (exact {entry['truth']['mean']:.5g}), W1 {distance['value']:.3g}"
            f" ± {distance['standardError']:.2g}, floor {distance['noiseFloor']:.3g}")
    return "; ".join(words)


def main(folder):
    exact = measure(folder / "exact.zarr")
    runs = {name: measure(folder / f"{name}.zarr") for name in names if (folder / f"{name}.climate.json").exists()}
    time, late = exact["time"], exact["time"] >= 20
    errors = {name: force_error(folder, name) for name in runs}
    made = {"learned-quench": ["data-quench", "fit-quench"], "learned-random": ["data-random", "fit-random"]}
    print("C and ξ of φ against the exact electrons, t ≥ 20; σ: standard error of the exact trajectories, by jackknife")
    print(f"{'':27} {'CPU s':>7} {'+ before':>8} {'force error':>12} {'t > 20':>8} {'ξ(20)':>14} {'ξ(60)':>14}"
          f" {'rms ΔC':>7} {'rms ΔC/σ':>8} {'most':>6}")
    at = [int(numpy.argmin(abs(time - t))) for t in (20, 60)]

    def sizes(run):
        return " ".join(f"{run['size'][k]:6.3f} ± {run['size error'][k]:.3f}" for k in at)

    print(f"{'exact':27} {seconds(folder, 'exact'):7.0f} {'':8} {'':12} {'':8} {sizes(exact)}")
    reach = slice(1, 13)
    for name, run in runs.items():
        before = seconds(folder, *made[name]) if name in made else 0
        difference = (run["C"] - exact["C"])[late, reach]
        ratio = difference / exact["C error"][late, reach]
        print(f"{names[name]:27} {seconds(folder, name):7.0f} {before or '':8.0f}" if before else
              f"{names[name]:27} {seconds(folder, name):7.0f} {'':8}", end="")
        print(f" {numpy.sqrt((errors[name] ** 2).mean()):12.2g} {numpy.sqrt((errors[name][late] ** 2).mean()):8.2g} {sizes(run)}"
              f" {numpy.sqrt((difference ** 2).mean()):7.4f} {numpy.sqrt((ratio ** 2).mean()):8.2f} {abs(ratio).max():6.2f}")
    print("\nmeans over 50 ≤ t ≤ 60, and Wasserstein-1 distance with its standard error and the noise floor")
    for name in runs:
        comparison = json.loads((folder / f"{name}.climate.json").read_text())
        print(f"{names[name]:27} " + climate_words(comparison))
    figure, (left, middle, right) = pyplot.subplots(1, 3, figsize=(13, 3.8))
    for k, marker in zip(at, ("o", "s")):
        r = numpy.arange(exact["C"].shape[1])
        left.errorbar(r, exact["C"][k], exact["C error"][k], fmt="k" + marker, ms=3, lw=1, label=f"exact, t = {time[k]:g}")
    middle.errorbar(time, exact["size"], exact["size error"], fmt="k.", ms=3, lw=1, label="exact")
    here, error = exact["S"].mean(0), exact["S"].std(0, ddof=1) / numpy.sqrt(len(exact["S"]))
    k = (edges[1:] + edges[:-1]) / 2
    right.errorbar(k, here, error, fmt="k.", ms=3, lw=1, label="exact")
    for number, (name, run) in enumerate(runs.items()):
        for index in at:
            left.plot(run["C"][index], color=f"C{number}", lw=1, label=names[name] if index == at[0] else None)
        middle.plot(run["time"], run["size"], color=f"C{number}", lw=1, label=names[name])
        right.plot(k, run["S"].mean(0), color=f"C{number}", lw=1, label=names[name])
    left.set(xlabel="r, sites", ylabel="C(r, t)", xlim=(0, 12))
    middle.set(xlabel="t", ylabel="ξ, sites", xlim=(5, None))
    right.set(xlabel="distance of k from (π, π)", ylabel="S of φ, t = 60", yscale="log")
    for axis in (left, middle, right):
        axis.legend(fontsize=6)
    figure.tight_layout()
    figure.savefig(plot_square.figures / "square-forces.svg")


main(pathlib.Path(sys.argv[1]))
