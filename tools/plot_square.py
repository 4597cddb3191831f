"""Figures of the square lattice's quench, for `tools/results square`.

usage: plot_square.py FOLDER    from FOLDER/T*/trajectories.zarr, FOLDER/T*-L*/trajectories.zarr and FOLDER/tdgl*.zarr:
                                square-snapshots.png, square-structure.png, square-correlation.svg, square-growth.svg
                                and a table on standard output

C(r, t) is that of φ along both axes, as holstream climate has it; ξ is where it falls to ½. Errors are jackknives over
trajectories. The exponent is the slope of a straight line through log ξ against log t within the window of the fit.
"""
import pathlib
import sys

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams["svg.hashsalt"] = "holstream"
import matplotlib.pyplot as pyplot
import numpy
import zarr

figures = pathlib.Path("docs/figures")
# Time units: from where domains are there to the end of the runs.
window = (30, 300)


def order(store):
    """φ of every trajectory and frame, and the time: from the stored force, without solving the electrons again."""
    count = int(store["length"][:].min())
    time = store["time"][0, :count]
    if "phi" in store:
        return store["phi"][:, :count], time
    a, q, force = store.attrs, store["Q"][:, :count], store["tendency_P"][:, :count]

    def around(x):
        return sum(numpy.roll(x, shift, axis) for shift in (1, -1) for axis in (-1, -2))

    density = (force + a["k"] * q + a["kappa"] * around(q)) / a["g"] + 0.5
    sites = q.shape[-1]
    signs = 1 - 2 * (numpy.add.outer(numpy.arange(sites), numpy.arange(sites)) % 2)
    return (density - around(density) / 4) * signs, time


def products(phi):
    """⟨φ(r₀) φ(r₀ + r)⟩ along both axes of every trajectory and frame, (B, T, R + 1), and ⟨φ⟩."""
    spectrum = numpy.abs(numpy.fft.fft2(phi)) ** 2
    all_pairs = numpy.fft.ifft2(spectrum).real / phi.shape[-1] ** 2
    reach = phi.shape[-1] // 2 + 1
    return (all_pairs[..., 0, :reach] + all_pairs[..., :reach, 0]) / 2, phi.mean((-1, -2))


def correlation(pairs, means):
    """C(r, t) of the trajectories together, (T, R + 1)."""
    square = means.mean(0)[:, None] ** 2
    mean = pairs.mean(0)
    return (mean - square) / (mean[:, :1] - square)


def half(values):
    """Where values that begin at 1 first fall to ½; not a number where they do not."""
    below = numpy.flatnonzero(~(values > 0.5))
    if len(below) == 0 or below[0] == 0:
        return numpy.nan
    r = below[0]
    return r - 1 + (values[r - 1] - 0.5) / (values[r - 1] - values[r])


def length(pairs, means):
    return numpy.array([half(c) for c in correlation(pairs, means)])


def slope(time, size):
    inside = (time >= window[0]) & (time <= window[1]) & numpy.isfinite(size)
    return numpy.polyfit(numpy.log(time[inside]), numpy.log(size[inside]), 1)[0] if inside.sum() > 2 else numpy.nan


def jackknife(values):
    n = len(values)
    return numpy.sqrt((n - 1) / n * ((values - values.mean(0)) ** 2).sum(0)) if n > 1 else numpy.nan * values[0]


def measure(path):
    store = zarr.open_group(str(path), mode="r")
    if store["length"].size == 0 or store["length"][:].min() < 2:
        return None
    phi, time = order(store)
    pairs, means = products(phi)
    ones = range(len(phi))
    without = [length(numpy.delete(pairs, k, 0), numpy.delete(means, k, 0)) for k in ones] if len(phi) > 1 else []
    size = length(pairs, means)
    return {
        "phi": phi, "time": time, "C": correlation(pairs, means), "size": size,
        "error": jackknife(numpy.array(without)) if without else numpy.nan * size,
        "exponent": slope(time, size),
        "exponent error": jackknife(numpy.array([slope(time, s) for s in without])) if without else numpy.nan,
    }


def label(name):
    return "model A" + name[4:].replace("-", ", ") if name.startswith("tdgl") else "T = " + name[1:].replace("-L", ", L = ")


def main(folder):
    runs = {p.parent.name: measure(p) for p in sorted(folder.glob("T*/trajectories.zarr"))}
    runs |= {p.stem: measure(p) for p in sorted(folder.glob("tdgl*.zarr"))}
    # A run that has only begun says nothing.
    runs = {name: run for name, run in runs.items() if run and len(run["time"]) > 2}
    main_runs = {name: run for name, run in runs.items() if name.startswith("T") and "-L" not in name}
    print(f"ξ: C(ξ) = ½ of φ along the axes; fit of log ξ against log t, {window[0]} ≤ t ≤ {window[1]}; errors by jackknife")
    print(f"{'':18} {'L':>4} {'trajectories':>12}  {'ξ(30)':>7} {'ξ(100)':>7} {'ξ(300)':>7} {'error':>6}  exponent")
    for name, run in runs.items():
        at = [numpy.interp(t, run["time"], run["size"]) for t in (30, 100, 300)]
        print(f"{label(name):18} {run['phi'].shape[-1]:4} {len(run['phi']):12}  "
              + " ".join(f"{x:7.2f}" for x in at)
              + f" {run['error'][-1]:6.2f}  {run['exponent']:.3f} ± {run['exponent error']:.3f}")

    shown = [t for t in (10, 30, 100, 300)]
    figure, axes = pyplot.subplots(len(main_runs), len(shown), figsize=(9, 2.4 * len(main_runs)), squeeze=False)
    for row, (name, run) in zip(axes, main_runs.items()):
        for axis, t in zip(row, shown):
            k = int(numpy.argmin(abs(run["time"] - t)))
            axis.imshow(run["phi"][0, k], cmap="coolwarm", vmin=-1, vmax=1, origin="lower")
            axis.set(title=f"{label(name)}, t = {run['time'][k]:g}", xticks=[], yticks=[])
    figure.tight_layout()
    figure.savefig(figures / "square-snapshots.png", dpi=110)

    # The density's S(k) about (π, π) is φ's about 0, but for the neighbours that φ subtracts.
    figure, axes = pyplot.subplots(1, len(shown), figsize=(9, 2.6))
    # The hottest quench, whose domains grow most.
    hottest = max(main_runs, key=lambda name: float(name[1:]))
    first = main_runs[hottest]
    for axis, t in zip(axes, shown):
        k = int(numpy.argmin(abs(first["time"] - t)))
        sites = first["phi"].shape[-1]
        factor = (numpy.abs(numpy.fft.fft2(first["phi"][:, k])) ** 2).mean(0) / sites**2
        axis.imshow(numpy.log10(numpy.fft.fftshift(factor)), extent=(0, 2, 0, 2), vmin=-3, vmax=3, origin="lower")
        axis.set(title=f"t = {first['time'][k]:g}", xlabel="kx/π", ylabel="ky/π")
    figure.suptitle(f"log₁₀ S(k) of φ, drawn about (π, π); {label(hottest)}")
    figure.tight_layout()
    figure.savefig(figures / "square-structure.png", dpi=110)

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.6))
    for t in (10, 20, 50, 100, 200, 300):
        k = int(numpy.argmin(abs(first["time"] - t)))
        r = numpy.arange(first["C"].shape[1])
        left.plot(r, first["C"][k], label=f"t = {first['time'][k]:g}")
        right.plot(r / first["size"][k], first["C"][k], ".-", label=f"t = {first['time'][k]:g}")
    for model in [run for name, run in runs.items() if name.startswith("tdgl")][:1]:
        right.plot(numpy.arange(model["C"].shape[1]) / model["size"][-1], model["C"][-1], "k--", label="model A")
    left.set(xlabel="r, sites", ylabel="C(r, t)")
    right.set(xlabel="r/ξ(t)", xlim=(0, 5))
    for axis in (left, right):
        axis.axhline(0, color="gray", lw=0.5)
        axis.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(figures / "square-correlation.svg")

    figure, axis = pyplot.subplots(figsize=(6, 4.2))
    for name, run in runs.items():
        late = (run["time"] >= 5) & numpy.isfinite(run["size"])
        text = f"{label(name)}: {run['exponent']:.2f} ± {run['exponent error']:.2f}"
        axis.errorbar(run["time"][late], run["size"][late], run["error"][late], fmt="--" if name.startswith("tdgl") else ".-",
                      lw=1, ms=3, elinewidth=0.5, label=text)
    axis.axvspan(*window, color="gray", alpha=0.1, lw=0)
    axis.set(xscale="log", yscale="log", xlabel="t, ħ/t", ylabel="ξ, sites")
    axis.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(figures / "square-growth.svg")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
