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
# What verdicts of earlier versions, which had no list of observables, looked at.
ORDERS = [{"name": "deltaRho"}, {"name": "deltaQ"}]


def label(name):
    return LABELS.get(name, name)


def learn_labels(verdict):
    """Symbols of fields and observables, as the verdict gives them."""
    for entry in verdict.get("fields", []) + verdict.get("observables", []):
        LABELS[entry["name"]] = entry["symbol"]


def observables(verdict):
    return [entry["name"] for entry in verdict.get("observables", ORDERS)]


def score(entry, identity, observable=None):
    """A number of a verdict or of a baseline, from the fixed starts; None when there is none."""
    for found in entry.get("scores", []):
        if (found["id"], found.get("observable"), found.get("condition")) == (identity, observable, None):
            return float(found["value"])
    if "scores" in entry:
        return None
    # Earlier versions had a key for each.
    errors = {name.upper() if len(name) == 1 else name: value for name, value in entry.get("errors", {}).items()}
    value = {"RMSE": errors.get(observable), "climate score": entry.get("climateScore")}.get(identity)
    return None if value is None else float(value)


def time_axis(axis, what, entry):
    """The time of a verdict or a comparison; earlier versions, which knew one system, gave no unit."""
    unit = entry.get("timeUnit", "ħ/t")
    axis.set_xlabel(f"{what}, {unit}" if unit else what)


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
        time_axis(axis, "time lag", climate)
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
        axis.set_xlabel("frequency" if "timeUnit" in climate else "frequency, t/ħ")
        axis.set_title(f"power spectral density of {label(name)}")
        axis.legend()
    save(figure, arguments, "spectra")


def rmse(verdict, arguments):
    figure, (order, state) = columns(["order", "state"])
    watched = observables(verdict)
    for name, values in sorted(verdict["errorsAgainstFrame"].items()):
        axis = order if name in watched else state
        values = numbers(values)
        time = [frame * verdict["timeStep"] for frame in range(len(values))]
        axis.semilogy(time[1:], values[1:], label=label(name))
    for axis in (order, state):
        time_axis(axis, "time since the start of the rollout", verdict)
        axis.legend()
    order.set_title(f"RMSE of the observables, {verdict['checkpoint']}")
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
    time_axis(axis, "time since the start of the rollout", verdicts[-1])
    axis.set_title("share of rollouts that have not diverged")
    axis.legend()
    save(figure, arguments, "survival")


def scores(verdicts, arguments):
    figure, (climate, errors) = columns(["climate", "errors"])
    steps = [verdict["step"] for verdict in verdicts]
    known = [(v["step"], score(v, "climate score")) for v in verdicts if score(v, "climate score") is not None]
    climate.semilogy([step for step, _ in known], [value for _, value in known], marker="o", label="model")
    for baseline in verdicts[-1]["baselines"]:
        value = score(baseline, "climate score")
        if value is not None:
            climate.axhline(value, linestyle=":", color="grey")
            climate.annotate(baseline["name"], (steps[0], value), fontsize="small")
    climate.axhline(1, color="black", linewidth=0.5)
    climate.set_title("distance of the climates, in noise floors")
    for name in observables(verdicts[-1]):
        values = [(v["step"], score(v, "RMSE", name)) for v in verdicts if score(v, "RMSE", name) is not None]
        (line,) = errors.semilogy([x for x, _ in values], [y for _, y in values], marker="o", label=label(name))
        for baseline in verdicts[-1]["baselines"]:
            value = score(baseline, "RMSE", name)
            if value is not None:
                errors.axhline(value, linestyle=":", color=line.get_color())
    errors.set_title("RMSE of rollouts (dotted: baselines)")
    errors.legend()
    for axis in (climate, errors):
        axis.set_xlabel("training step")
    save(figure, arguments, "scores")


def complete(verdicts, path):
    """Puts curves that are in a log of their own back where the verdicts have empty lists."""
    if not path.exists():
        return
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        for verdict in verdicts:
            if (verdict["checkpoint"], verdict.get("file")) != (entry["checkpoint"], entry.get("file")):
                continue
            for place, values in entry["curves"].items():
                *parents, last = (part.replace("~1", "/").replace("~0", "~") for part in place.split("/")[1:])
                parent = verdict
                for part in parents:
                    parent = parent[int(part) if isinstance(parent, list) else part]
                parent[int(last) if isinstance(parent, list) else last] = values


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
            complete(verdicts, path.with_suffix(".curves"))
            climate = verdicts[-1]["climate"]
            learn_labels(verdicts[-1])
            rmse(verdicts[-1], arguments)
            survival(verdicts, arguments)
            scores(verdicts, arguments)
        else:
            climate = json.loads(path.read_text())
        autocorrelation(climate, arguments)
        spectra(climate, arguments)


if __name__ == "__main__":
    main()
