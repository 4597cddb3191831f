"""Figures of docs/results.md, for `tools/results`.

usage: plot_rollouts.py best RUN             the checkpoint with the smallest sum of errors of Δρ and ΔQ
       plot_rollouts.py rollouts RUN NAME    NAME-snapshots.png and NAME-orders.svg from RUN/truth.zarr and RUN/model.zarr
       plot_rollouts.py intervals FOLDER     intervals.svg from FOLDER/{shallow,deep}-*/verdicts.jsonl
"""
import json
import pathlib
import sys

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams["svg.hashsalt"] = "holstream"
import matplotlib.pyplot as pyplot
import numpy
import zarr

figures = pathlib.Path("docs/figures")


def verdicts(run):
    lines = (run / "verdicts.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def score(entry, identity, observable=None):
    """A number of a verdict or of a baseline, from the fixed starts; not a number when there is none."""
    for found in entry.get("scores", []):
        if (found["id"], found.get("observable"), found.get("condition")) == (identity, observable, None):
            return float(found["value"])
    # Earlier versions had a key for each error.
    return float(entry.get("errors", {}).get(observable.lower() if len(observable) == 1 else observable, "nan"))


def best(run):
    kept = [v for v in verdicts(run) if (run / "checkpoints" / f"{v['checkpoint']}.safetensors").exists()]
    # A rollout that diverged has a large error or none that is a number: it comes last.
    chosen = min(kept, key=lambda v: numpy.nan_to_num(score(v, "RMSE", "deltaRho") + score(v, "RMSE", "deltaQ"), nan=1e300))
    print(run / "checkpoints" / f"{chosen['checkpoint']}.safetensors")


def signs(sites):
    return numpy.where(numpy.arange(sites) % 2 == 0, -1.0, 1.0)


def orders(store):
    """Δρ and ΔQ of every trajectory, (trajectories, frames) each."""
    count = int(store["length"][:].min())
    rho, q = store["rho"], store["Q"][:, :count]
    weights = signs(q.shape[2])
    density = numpy.stack([numpy.diagonal(rho[k, :count], axis1=1, axis2=2).real for k in range(rho.shape[0])])
    return {"Δρ": density @ weights / len(weights), "ΔQ": q @ weights / len(weights)}


def rollouts(run, name):
    truth, model = (zarr.open_group(str(run / f"{side}.zarr"), mode="r") for side in ("truth", "model"))
    step = float(truth["time"][0, 1] - truth["time"][0, 0])
    last = int(min(truth["length"][0], model["length"][0])) - 1
    frames = [0, 16, 64, 128, min(256, last)] if last >= 128 else [0, last // 4, last // 2, last]

    figure, axes = pyplot.subplots(
        4, len(frames), figsize=(2.6 * len(frames), 9), layout="constrained", height_ratios=[2, 2, 1, 1], sharey="row"
    )
    for column, frame in enumerate(frames):
        for row, (side, store) in enumerate([("truth", truth), ("model", model)]):
            picture = axes[row, column].imshow(store["rho"][0, frame].real, cmap="RdBu_r", vmin=-0.6, vmax=0.6)
            axes[row, column].set_title(f"{side}, step {frame}" if row else f"t + {frame * step:.0f}\n{side}", fontsize="small")
            axes[row, column].set_xticks([])
        for row, field in [(2, "Q"), (3, "P")]:
            axes[row, column].plot(truth[field][0, frame], color="black", label="truth")
            axes[row, column].plot(model[field][0, frame], ".", color="tab:red", label="model")
    axes[0, 0].set_ylabel("Re ρ")
    axes[1, 0].set_ylabel("Re ρ")
    axes[2, 0].set_ylabel("Q")
    axes[3, 0].set_ylabel("P")
    axes[2, 0].legend(fontsize="x-small")
    figure.colorbar(picture, ax=axes[:2, :], shrink=0.6)
    figure.savefig(figures / f"{name}-snapshots.png", dpi=80)

    exact, predicted = orders(truth), orders(model)
    shown = min(4, len(exact["Δρ"]))
    figure, axes = pyplot.subplots(shown, 2, figsize=(10, 1.7 * shown), layout="constrained", sharex=True, squeeze=False)
    for column, symbol in enumerate(["Δρ", "ΔQ"]):
        for row in range(shown):
            count = min(exact[symbol].shape[1], predicted[symbol].shape[1])
            time = step * numpy.arange(count)
            axes[row, column].plot(time, exact[symbol][row, :count], color="black", linewidth=0.9, label="truth")
            axes[row, column].plot(time, predicted[symbol][row, :count], color="tab:red", linewidth=0.9, label="model")
            axes[row, column].set_ylabel(symbol)
            # A rollout that has left the attractor leaves the picture, too.
            reach = 1.6 * numpy.abs(exact[symbol]).max()
            axes[row, column].set_ylim(-reach, reach)
        axes[-1, column].set_xlabel("time since the start of the rollout, ħ/t")
    axes[0, 0].legend(fontsize="small")
    figure.savefig(figures / f"{name}-orders.svg", metadata={"Date": None})

    count = min(exact["Δρ"].shape[1], predicted["Δρ"].shape[1])
    reach = {s: 1.1 * max(numpy.ptp(x[:count]) for x in exact[s]) for s in exact}
    alive = [
        all(numpy.isfinite(predicted[s][k, :count]).all() and numpy.ptp(predicted[s][k, :count]) <= reach[s] for s in exact)
        for k in range(len(predicted["Δρ"]))
    ]
    for symbol in exact:
        error = predicted[symbol][:, 1:count] - exact[symbol][:, 1:count]
        print(f"{symbol}: RMSE over {count - 1} frames of {len(error)} rollouts {numpy.sqrt((error**2).mean()):.3e}")
    print(f"{sum(alive)} of {len(alive)} rollouts of {count - 1} steps stayed on the attractor")


def intervals(folder):
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
    print("| quench | interval, steps of 0.01 | error of Δρ | of ρ | of Q | surviving |\n|---|---|---|---|---|---|")
    for axis, quench in zip(axes, ["shallow", "deep"]):
        runs = sorted(folder.glob(f"{quench}-*/verdicts.jsonl"), key=lambda path: int(path.parent.name.split("-")[1]))
        points = []
        for path in runs:
            verdict = verdicts(path.parent)[-1]
            persistence = next(b for b in verdict["baselines"] if b["name"] == "persistence")
            ratio = {k: score(verdict, "RMSE", k) / score(persistence, "RMSE", k) for k in ("deltaRho", "rho", "Q")}
            interval = int(path.parent.name.split("-")[1])
            points.append((interval, ratio))
            print(
                f"| {quench} | {interval} | {ratio['deltaRho']:.3g} | {ratio['rho']:.3g} | {ratio['Q']:.3g} "
                f"| {100 * float(verdict['survival'][-1]):.0f} % |"
            )
        for key, symbol, marker in [("deltaRho", "Δρ", "o"), ("rho", "ρ", "s"), ("Q", "Q", "v")]:
            axis.loglog([p[0] for p in points], [p[1][key] for p in points], marker=marker, label=symbol, base=2)
        axis.set_yscale("log")
        axis.axhline(1, color="grey", linewidth=0.5)
        axis.set_xlabel("prediction interval, steps of 0.01")
        axis.set_ylabel("RMSE over 204.8 units of time, of persistence's")
        axis.set_title(f"{quench} quench, L = 16")
        axis.legend()
    figure.savefig(figures / "intervals.svg", metadata={"Date": None})


match sys.argv[1:]:
    case ["best", run]:
        best(pathlib.Path(run))
    case ["rollouts", run, name]:
        rollouts(pathlib.Path(run), name)
    case ["intervals", folder]:
        intervals(pathlib.Path(folder))
    case _:
        sys.exit(__doc__)
