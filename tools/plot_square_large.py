"""Figures of one large square lattice's quench, for `tools/results square-large`.

usage: plot_square_large.py STORE    square-large.png (maps of φ and S(k)), square-large-collapse.svg, and a table
"""
import pathlib
import sys

import matplotlib.pyplot as pyplot
import numpy
import zarr

import plot_square

shown = (10, 30, 100, 300)
edges = numpy.linspace(0, numpy.pi / 2, 41)


def quarters(phi):
    """The four quarters of every frame: (4, T, L/2, L/2). A quarter is no ring, but large beside ξ."""
    half = phi.shape[-1] // 2
    return numpy.stack([phi[0, :, y:y + half, x:x + half] for y in (0, half) for x in (0, half)])


def main(path):
    store = zarr.open_group(str(path), mode="r")
    phi, time = plot_square.order(store)
    sites = phi.shape[-1]
    pairs, means = plot_square.products(phi)
    curve, size = plot_square.correlation(pairs, means), plot_square.length(pairs, means)
    # Error bars: jackknife over the quarters of the one lattice.
    parts, part_means = plot_square.products(quarters(phi))
    without = [(numpy.delete(parts, k, 0), numpy.delete(part_means, k, 0)) for k in range(4)]
    sizes = numpy.array([plot_square.length(*w) for w in without])
    error = plot_square.jackknife(sizes)
    exponent = plot_square.slope(time, size)
    exponent_error = plot_square.jackknife(numpy.array([plot_square.slope(time, s) for s in sizes]))
    frames = [int(numpy.argmin(abs(time - t))) for t in shown]
    print(f"{path.stem}, L = {sites}: ξ where C = ½ along the axes; errors by jackknife over the lattice's quarters")
    for k in frames:
        print(f"t = {time[k]:5g}  ξ = {size[k]:.3f} ± {error[k]:.3f}  ⟨φ²⟩ = {(phi[0, k] ** 2).mean():.3f}")
    print(f"exponent of ξ, {plot_square.window[0]} ≤ t ≤ {plot_square.window[1]}: {exponent:.3f} ± {exponent_error:.3f}")
    late = [k for k in frames if time[k] >= plot_square.window[0]]
    grid = numpy.linspace(0, 3, 31)
    scaled = numpy.array([numpy.interp(grid, numpy.arange(curve.shape[1]) / size[k], curve[k]) for k in late])
    print(f"collapse: C(r/ξ) at t ≥ {plot_square.window[0]} differs by at most {numpy.ptp(scaled, axis=0).max():.3f}")

    figure, axes = pyplot.subplots(2, len(frames), figsize=(11, 5.8))
    for k, top, below in zip(frames, *axes):
        top.imshow(phi[0, k], cmap="coolwarm", vmin=-1, vmax=1, origin="lower")
        top.set(title=f"t = {time[k]:g}", xticks=[], yticks=[])
        factor = numpy.abs(numpy.fft.fft2(phi[0, k] - phi[0, k].mean())) ** 2 / sites**2
        below.imshow(numpy.log10(numpy.fft.fftshift(factor) + 1e-12), extent=(0, 2, 0, 2), vmin=-3, vmax=3, origin="lower")
        below.set(xlabel="kx/π", ylabel="ky/π" if k == frames[0] else None)
    figure.suptitle(f"φ and log₁₀ S(k) drawn about (π, π), L = {sites}, T = {store.attrs['temperature']:g}")
    figure.tight_layout()
    figure.savefig(plot_square.figures / "square-large.png", dpi=80)

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.6))
    for k in frames:
        r = numpy.arange(curve.shape[1])
        left.plot(r / size[k], curve[k], ".-", ms=3, label=f"t = {time[k]:g}")
        factor = numpy.abs(numpy.fft.fft2(phi[0, k] - phi[0, k].mean())) ** 2 / sites**2
        wave = 2 * numpy.pi * numpy.fft.fftfreq(sites)
        length = numpy.hypot(*numpy.meshgrid(wave, wave))
        count = numpy.histogram(length, edges)[0]
        radial = numpy.histogram(length, edges, weights=factor)[0] / count
        middle = (edges[1:] + edges[:-1]) / 2
        right.loglog(middle * size[k], radial / size[k] ** 2, ".-", ms=3, label=f"t = {time[k]:g}")
    high = numpy.array([2, 6])
    right.loglog(high, 3 * high**-3.0, "k--", lw=1, label="Porod, (kξ)⁻³")
    left.set(xlabel="r/ξ(t)", ylabel="C", xlim=(0, 5))
    right.set(xlabel="kξ, k from (π, π)", ylabel="S/ξ²")
    for axis in (left, right):
        axis.legend(fontsize=7)
    left.axhline(0, color="gray", lw=0.5)
    figure.tight_layout()
    figure.savefig(plot_square.figures / "square-large-collapse.svg")


main(pathlib.Path(sys.argv[1]))
