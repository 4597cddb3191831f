"""Figures from what Holstream writes: a comparison of two climates, and the verdicts of a run.

usage: plot_results.py FILE... [--out FOLDER] [--format svg|png]

    holstream climate truth.zarr model.zarr --json > climate.json
    python tools/plot_results.py climate.json runs/quickstart/1/verdicts.jsonl --out figures

From a comparison: autocorrelation.svg (with error bars) and spectra.svg. From verdicts: the same for the last one, and
rmse.svg and survival.svg against time, scores.svg against the training step. Needs matplotlib.
"""

import argparse
import json
import pathlib

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams["svg.hashsalt"] = "holstream"
import matplotlib.pyplot as pyplot

LABELS = {"deltaRho": "Δρ", "deltaQ": "ΔQ", "rho": "ρ"}


def label(name):
    return LABELS.get(name, name)


def numbers(values):
    """Numbers that JSON cannot hold are strings: NaN, Infinity, -Infinity."""
    return [float(value) for value in values]


def save(figure, arguments, name):
    path = arguments.out / f"{name}.{arguments.format}"
    metadata = {"Date": None} if arguments.format == "svg" else None
    figure.savefig(path, metadata=metadata)
    pyplot.close(figure)
    print(path)


def columns(names, height=3.6):
    figure, axes = pyplot.subplots(1, len(names), figsize=(4.8 * len(names), height), layout="constrained", squeeze=False)
    return figure, axes[0]


def autocorrelation(climate, arguments):
    names = sorted(climate["autocorrelation"])
    figure, axes = columns(names)
    for axis, name in zip(axes, names):
        curve = climate["autocorrelation"][name]
        for side, colour in [("truth", "black"), ("other", "tab:red")]:
            values = numbers(curve[side])
            time = [lag * climate["timeStep"] for lag in range(len(values))]
            axis.plot(time, values, color=colour, label="truth" if side == "truth" else "model")
            errors = numbers(curve[f"{side}StandardError"])
            if len(errors) == len(values):
                low = [v - e for v, e in zip(values, errors)]
                high = [v + e for v, e in zip(values, errors)]
                axis.fill_between(time, low, high, color=colour, alpha=0.25, linewidth=0)
        axis.axhline(0, color="grey", linewidth=0.5)
        axis.set_xlabel("time lag, ħ/t")
        axis.set_title(f"autocorrelation of {label(name)}")
        axis.legend()
    figure.supxlabel(
        f"{climate['truthTrajectories']} and {climate['otherTrajectories']} trajectories of {climate['frames']} frames; "
        "bands: one standard error (jackknife)",
        fontsize="small",
    )
    save(figure, arguments, "autocorrelation")


def spectra(climate, arguments):
    names = sorted(climate["spectra"])
    figure, axes = columns(names)
    for axis, name in zip(axes, names):
        for side, colour in [("truth", "black"), ("other", "tab:red")]:
            spectrum = climate["spectra"][name][side]
            if spectrum["density"]:
                axis.semilogy(
                    numbers(spectrum["frequencies"])[1:], numbers(spectrum["density"])[1:], color=colour,
                    label="truth" if side == "truth" else "model",
                )
        axis.set_xlabel("frequency, t/ħ")
        axis.set_title(f"power spectral density of {label(name)}")
        axis.legend()
    save(figure, arguments, "spectra")


def rmse(verdict, arguments):
    figure, (order, state) = columns(["order", "state"])
    for name, values in sorted(verdict["errorsAgainstFrame"].items()):
        axis = order if name.startswith("delta") else state
        values = numbers(values)
        time = [frame * verdict["timeStep"] for frame in range(len(values))]
        axis.semilogy(time[1:], values[1:], label=label(name))
    for axis in (order, state):
        axis.set_xlabel("time since the start of the rollout, ħ/t")
        axis.legend()
    order.set_title(f"RMSE of the order parameters, {verdict['checkpoint']}")
    state.set_title(f"RMSE of the state, {verdict['rollouts']} rollouts")
    save(figure, arguments, "rmse")


def survival(verdicts, arguments):
    figure, (axis,) = columns(["survival"])
    shown = verdicts[:: max(1, len(verdicts) // 6)]
    if shown[-1] is not verdicts[-1]:
        shown.append(verdicts[-1])
    for verdict in shown:
        values = numbers(verdict["survival"])
        axis.step([frame * verdict["timeStep"] for frame in range(len(values))], values, label=f"step {verdict['step']}")
    axis.set_ylim(-0.02, 1.05)
    axis.set_xlabel("time since the start of the rollout, ħ/t")
    axis.set_title("share of rollouts that have not diverged")
    axis.legend()
    save(figure, arguments, "survival")


def scores(verdicts, arguments):
    figure, (climate, errors) = columns(["climate", "errors"])
    steps = [verdict["step"] for verdict in verdicts]
    known = [(v["step"], float(v["climateScore"])) for v in verdicts if v.get("climateScore") is not None]
    climate.semilogy([step for step, _ in known], [score for _, score in known], marker="o", label="model")
    for baseline in verdicts[-1]["baselines"]:
        if baseline.get("climateScore") is not None:
            climate.axhline(float(baseline["climateScore"]), linestyle=":", color="grey")
            climate.annotate(baseline["name"], (steps[0], float(baseline["climateScore"])), fontsize="small")
    climate.axhline(1, color="black", linewidth=0.5)
    climate.set_title("distance of the climates, in noise floors")
    for name in ("deltaRho", "deltaQ"):
        (line,) = errors.semilogy(steps, [float(v["errors"][name]) for v in verdicts], marker="o", label=label(name))
        for baseline in verdicts[-1]["baselines"]:
            errors.axhline(float(baseline["errors"][name]), linestyle=":", color=line.get_color())
    errors.set_title("RMSE of rollouts (dotted: baselines)")
    errors.legend()
    for axis in (climate, errors):
        axis.set_xlabel("training step")
    save(figure, arguments, "scores")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("figures"))
    parser.add_argument("--format", choices=["svg", "png"], default="svg")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for path in arguments.files:
        if path.suffix == ".jsonl":
            verdicts = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
            verdicts = sorted((v for v in verdicts if "survival" in v), key=lambda v: v["step"])
            if not verdicts:
                parser.error(f"{path} holds no verdict")
            climate = verdicts[-1]["climate"]
            rmse(verdicts[-1], arguments)
            survival(verdicts, arguments)
            scores(verdicts, arguments)
        else:
            climate = json.loads(path.read_text())
        autocorrelation(climate, arguments)
        spectra(climate, arguments)


if __name__ == "__main__":
    main()
