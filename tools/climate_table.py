"""One row of a table for each study of `tools/study-climate` and `tools/results`: moments, autocorrelation, distances.

usage: climate_table.py row NAME TRUTH.zarr MODEL.zarr CLIMATE.json [MINUTES]    a row as JSON, on standard output
       climate_table.py table ROW.json…                                          the rows as a table in Markdown

CLIMATE.json is what `holstream climate TRUTH MODEL --reference MORE --json` prints. Standard errors are jackknives over
trajectories. A rollout counts as divergent by the published rule: one of its order parameters is not finite, or ranges
over more than 1.1 times what any trajectory of the truth does; none is left out of anything.
"""
import json
import pathlib
import sys

import numpy
import zarr


def orders(path):
    """Δρ and ΔQ of every trajectory, (trajectories, frames) each."""
    store = zarr.open_group(str(path), mode="r")
    count = int(store["length"][:].min())
    rho, q = store["rho"], store["Q"][:, :count]
    weights = numpy.where(numpy.arange(q.shape[2]) % 2 == 0, -1.0, 1.0) / q.shape[2]
    density = numpy.stack([numpy.diagonal(rho[k, :count], axis1=1, axis2=2).real for k in range(rho.shape[0])])
    return {"Δρ": density @ weights, "ΔQ": q @ weights}


def deviation(x):
    return float(x.std())


def autocorrelation(x, longest):
    """A(lag) by the published definition: one mean and variance of the whole window."""
    mean, square = x.mean(), (x**2).mean()
    products = numpy.array([(x[:, : x.shape[1] - k] * x[:, k:]).mean() for k in range(longest)])
    return (products - mean**2) / (square - mean**2)


def first_minimum(x):
    """The autocorrelation's smallest value until it first rises above zero again; a smooth curve has it at its first dip."""
    values = autocorrelation(x, x.shape[1] // 4)
    below = numpy.flatnonzero(values < 0)
    if len(below) == 0:
        return float(values.min())
    after = numpy.flatnonzero(values[below[0] :] > 0)
    end = below[0] + (after[0] if len(after) else len(values))
    return float(values[below[0] : end].min())


def jackknife(function, x):
    """A function of all trajectories, and its standard error."""
    n = len(x)
    parts = numpy.array([function(numpy.delete(x, k, axis=0)) for k in range(n)])
    return function(x), float(numpy.sqrt((n - 1) / n * ((parts - parts.mean()) ** 2).sum()))


def row(name, truth, model, climate, minutes=None):
    exact, predicted = orders(truth), orders(model)
    compared = json.loads(pathlib.Path(climate).read_text())
    found = {"name": name, "minutes": None if minutes is None else float(minutes), "rollouts": len(predicted["Δρ"])}
    reach = {symbol: 1.1 * numpy.ptp(x, axis=1).max() for symbol, x in exact.items()}
    alive = [
        all(numpy.isfinite(x[k]).all() and numpy.ptp(x[k]) <= reach[symbol] for symbol, x in predicted.items())
        for k in range(found["rollouts"])
    ]
    found["surviving"] = sum(alive)
    for symbol, x in predicted.items():
        finite = bool(numpy.isfinite(x).all())
        found[symbol] = {
            "deviation": [jackknife(deviation, exact[symbol]), jackknife(deviation, x) if finite else None],
            "minimum": [jackknife(first_minimum, exact[symbol]), jackknife(first_minimum, x) if finite else None],
        }
    found["scores"] = [
        {key: score.get(key) for key in ("id", "observable", "value", "standardError", "noiseFloor")}
        for score in compared["scores"]
    ]
    return found


def score(found, identity, observable=None):
    """A distance in noise floors."""
    for entry in found["scores"]:
        if entry["id"] == identity and entry["observable"] == observable:
            value, floor = (float(entry[key]) for key in ("value", "noiseFloor"))
            return f"{value / floor:.1f}" if numpy.isfinite(value) else "∞"
    return "–"


def pair(values):
    return "lost" if values is None else f"{values[0]:.3g} ± {values[1]:.1g}"


def table(rows):
    print(
        "| | minutes | stay | std Δρ | std ΔQ | first minimum | ACF Δρ | W1 Δρ | D_H Δρ | W1 ΔQ | D_stsp |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|"
    )
    if rows:
        first = rows[0]
        print(
            f"| truth | | | {pair(first['Δρ']['deviation'][0])} | {pair(first['ΔQ']['deviation'][0])} "
            f"| {pair(first['Δρ']['minimum'][0])} | 1 | 1 | 1 | 1 | 1 |"
        )
    for found in rows:
        minutes = "" if found["minutes"] is None else f"{found['minutes']:.1f}"
        print(
            f"| {found['name']} | {minutes} | {found['surviving']}/{found['rollouts']} "
            f"| {pair(found['Δρ']['deviation'][1])} | {pair(found['ΔQ']['deviation'][1])} | {pair(found['Δρ']['minimum'][1])} "
            f"| {score(found, 'ACF/published-global-mean-rms', 'deltaRho')} | {score(found, 'W1/empirical-quantiles', 'deltaRho')} "
            f"| {score(found, 'D_H/gtf-s20', 'deltaRho')} | {score(found, 'W1/empirical-quantiles', 'deltaQ')} "
            f"| {score(found, 'D_stsp/gtf-bin30')} |"
        )


match sys.argv[1:]:
    case ["row", name, truth, model, climate, *minutes]:
        json.dump(row(name, truth, model, climate, *minutes), sys.stdout, indent=1)
    case ["table", *files]:
        table([json.loads(pathlib.Path(file).read_text()) for file in files])
    case _:
        sys.exit(__doc__)
