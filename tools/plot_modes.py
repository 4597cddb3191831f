"""Koopman eigenvalues with their residuals, and the symbols of an almost linear network.

usage: plot_modes.py MODES.json FIGURE.svg                  MODES.json from `holstream climate A B --modes N --json`
       plot_modes.py --symbols CHECKPOINT STORE FIGURE.svg  which rectified units of an al-rnn are positive along a rollout
                                                            (needs tools/python)
"""
import json
import pathlib
import sys

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams["svg.hashsalt"] = "holstream"
import matplotlib.pyplot as pyplot
import numpy


def modes(source, figure):
    koopman = json.loads(pathlib.Path(source).read_text()).get("koopman")
    if not koopman:
        sys.exit(f"{source} has no `koopman`: make it with --modes N --json")
    # A store beside itself is drawn once.
    names = ("truth",) if koopman.get("truth") == koopman.get("other") else ("truth", "other")
    drawn, axes = pyplot.subplots(
        1, len(names), figsize=(1 + 4 * len(names), 3.8), layout="constrained", sharex=True, sharey=True, squeeze=False)
    axes = axes[0]
    largest = max(m["residual"] for name in names for m in (koopman.get(name) or {"modes": []})["modes"])
    for one, name in zip(axes, names):
        spectrum = koopman.get(name)
        one.set_title(f"{name}: too few frames" if not spectrum else
                      f"{name}: {spectrum['features']} products, {spectrum['pairs']} pairs", fontsize=9)
        one.set_xlabel("rate ln |λ| / Δt")
        one.grid(alpha=0.3)
        if not spectrum:
            continue
        # Of a conjugate pair one is listed; what decays at once has no finite rate.
        found = numpy.array([(m["rate"], m["frequency"], m["residual"]) for m in spectrum["modes"]], float)
        found = found[numpy.isfinite(found).all(axis=1)]
        dots = one.scatter(found[:, 0], found[:, 1], c=found[:, 2], cmap="viridis_r", vmin=0, vmax=largest, s=30)
    axes[0].set_ylabel("frequency arg λ / 2πΔt")
    drawn.colorbar(dots, ax=axes, label="residual")
    drawn.savefig(figure, metadata={"Date": None})


def symbols(checkpoint, store, figure):
    import holstream

    model = holstream.Checkpoint(checkpoint)
    if model.configuration["family"] != "al-rnn":
        sys.exit(f"{checkpoint} is of the family {model.configuration['family']}: only an al-rnn has symbols")
    data = holstream.open(store)
    start = data.isel(trajectory=0, time=0)
    start = numpy.concatenate([numpy.ravel(start[name].values) for name in model.layout.names])
    network, count = model._network, model.configuration["rectified"]
    x = start / network._scale
    z = numpy.concatenate([x, network._first @ x + network._first_bias])
    states, codes = [], []
    for _ in range(6000):
        active = z.copy()
        codes.append(sum(int(on) << k for k, on in enumerate(z[-count:] > 0)))
        active[-count:] = numpy.maximum(active[-count:], 0)
        states.append(z[: x.size] * network._scale)
        z = network._diagonal * z + active @ network._w + network._h
    states, codes = numpy.array(states)[1000:], numpy.array(codes)[1000:]
    names = [format(code, f"0{count}b")[::-1] for code in range(2**count)]
    drawn, axes = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained", width_ratios=[1, 1.5])
    for code, name in enumerate(names):
        own = states[codes == code]
        if len(own):
            label = f"{name}: {100 * len(own) / len(states):.0f} %"
            axes[0].plot(own[:, 0], own[:, -1], ".", markersize=2, rasterized=True, label=label)
    axes[0].legend(fontsize=8, markerscale=5)
    axes[0].set_xlabel("first number")
    axes[0].set_ylabel("last number")
    axes[0].set_title("the attractor by symbol: which rectified units are positive", fontsize=9)
    axes[1].step(numpy.arange(1000), codes[:1000], linewidth=0.8, color="black", where="post")
    axes[1].set_yticks(range(len(names)), names)
    axes[1].set_xlabel("frame")
    axes[1].set_title("the code along a rollout", fontsize=9)
    drawn.savefig(figure, metadata={"Date": None})
    switches = int((codes[1:] != codes[:-1]).sum())
    print(f"{len(set(codes.tolist()))} of {len(names)} symbols, {switches} changes in {len(codes)} frames")


if len(sys.argv) == 5 and sys.argv[1] == "--symbols":
    symbols(*sys.argv[2:])
elif len(sys.argv) == 3:
    modes(*sys.argv[1:])
else:
    sys.exit(__doc__)
