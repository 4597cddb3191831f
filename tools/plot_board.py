"""The board's page and pictures.

usage: plot_board.py CELLS.jsonl PAGE.md FIGURES    for tools/board: PAGE.md, FIGURES/board-smape.svg, FIGURES/board-climate.svg

Nothing is left out: a forecast that is not finite counts 200 in sMAPE and 0 in valid time, an attractor that could not be
reached counts as lost, and a learner that could not be fitted is told by its number.
"""
import json
import pathlib
import sys

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams["svg.hashsalt"] = "holstream"
import matplotlib.pyplot as pyplot
import numpy

ORDER = [
    "persistence", "linear", "nvar", "echo-state", "mlp", "neural-ode", "shplrnn", "al-rnn",
    "mlp-long", "neural-ode-long", "shplrnn-long", "al-rnn-long"]
# Published medians over systems of the same protocol without noise, recomputed from the authors' files.
PUBLISHED = [("N-BEATS", 42.2), ("neural ODE", 67.7), ("transformer", 78.3)]

source, page, figures = map(pathlib.Path, sys.argv[1:4])
cells = {}
for line in source.read_text().splitlines():
    try:
        cell = json.loads(line)
    except ValueError:
        continue  # cut short by a kill: computed again by the next run
    cells[cell["system"], cell["learner"], cell["noise"], cell["seed"]] = cell
learners = [name for name in ORDER if any(key[1] == name for key in cells)]
noises = sorted({key[2] for key in cells})
systems = sorted({key[0] for key in cells})


def of(learner, noise):
    return [cell for key, cell in cells.items() if key[1] == learner and key[2] == noise]


def known(learner, noise, word, lost):
    """The number of every cell: what is not there is the worst there is."""
    return numpy.array([cell.get(word, lost) for cell in of(learner, noise)], float)


def quartiles(values, digits=3):
    if len(values) == 0:
        return ""
    low, middle, high = (f"{x:.{digits}g}" if numpy.isfinite(x) else "∞" for x in numpy.quantile(values, (0.25, 0.5, 0.75)))
    return f"{middle} ({low} … {high})"


def median(values, digits=2):
    values = [value for value in values if value is not None]
    return f"{numpy.median(values):.{digits}g}" if values else ""


lines = []
say = lines.append
seeds = len({key[3] for key in cells})
say("# The board")
say("")
say("For whoever asks which learner to take for a stream of few numbers. Written by `tools/board --draw` from `data/board.jsonl`,")
say("which `tools/board` fills and goes on filling: every learner of Holstream on the systems of the chaos benchmarks")
say("([systems.md](systems.md)), simulated from our own equations.")
say("")
missing = sum(
    (name, learner, noise, seed) not in cells
    for name in systems for learner in learners for noise in noises for seed in {key[3] for key in cells})
say(f"There are {len(cells)} cells so far: {len(systems)} systems, {len(learners)} learners, observation noise of "
    + ", ".join(f"{100 * noise:g} %" for noise in noises) + f" of a standard deviation, {seeds} seed{'s' if seeds > 1 else ''}; "
    + (f"{missing} cells of these are not computed yet." if missing else "none of these is missing."))
say("")
say("**How.** 1000 points, 100 a period, are learnt from; the next 200 are forecast. Noise is on the points alone, not on the truth.")
say("Where a learner has settings to choose, they are chosen by a forecast of the last 200 of the 1000 points from the first 800,")
say("of 2 to 32 candidates (`tools/Benchmarks/Sources/board/Learner.swift`); the others have one recipe for all systems, and two")
say("budgets: a short one, cheap enough for every system (300 batches for neural-ode, 1000 for the others), and a long one (1500 for mlp")
say("and neural-ode, 3000 for the recurrent ones) on a few systems; published trainings are ten to a hundred times longer. sMAPE is 200 |y − ŷ| /")
say("(|y| + |ŷ|), 0 to 200, averaged over points and numbers. Valid time: until the sMAPE accumulated from the first point exceeds 30,")
say("in units of 1/λ₁, our own exponent. D_stsp and D_H: over two rollouts of 2000 frames from other trajectories, in brackets the same")
say("between truth and as much other truth; below that nothing is told apart. D_stsp is by 30 bins a dimension up to five numbers, by")
say("Gaussian mixtures beyond. Seconds are of a machine that did other work at the same time, up to five times as long as alone. A forecast that is not finite counts 200 and 0; a learner that could not be fitted counts as one.")
say("")
say("**In words.** " + " ".join(
    f"With {100 * noise:g} % of noise the lowest median error is that of " + " and then ".join(
        f"`{name}` ({numpy.median(known(name, noise, 'smape', 200)):.3g})"
        for name in sorted(
            (name for name in learners if len(of(name, noise)) > len(systems) / 2),
            key=lambda name: numpy.median(known(name, noise, "smape", 200)))[:3]) + "."
    for noise in noises)
    + " Only learners with more than half of the systems are compared. What is fitted at once to clean data finds a polynomial law"
    + " where there is one; noise takes that away, and the learners change places.")
say("")
for noise in noises:
    say(f"## Noise of {100 * noise:g} %")
    say("")
    say("Medians over systems and seeds (quartiles in brackets for the first two columns).")
    say("")
    say("| learner | cells | sMAPE | valid time | D_stsp over its floor | D_H (floor) | attractor lost | λ₁ of the model over the truth's | parameters | s to choose and fit | frames/s |")
    say("|---|---|---|---|---|---|---|---|---|---|---|")
    for learner in learners:
        own = of(learner, noise)
        if not own:
            continue
        smape = quartiles(known(learner, noise, "smape", 200))
        # Of systems without an exponent there is no such time.
        times = [cell.get("validTime", 0) for cell in own if "validTime" in cell or "smape" not in cell]
        ratio = [
            cell["stateSpace"] / cell["stateSpaceFloor"] if "stateSpace" in cell else numpy.inf
            for cell in own if "stateSpaceFloor" in cell and cell["stateSpaceFloor"] > 0]
        lost = [cell.get("lost", 1) for cell in own]
        exponents = [
            cell["exponent"] / cell["truthExponent"]
            for cell in own if "exponent" in cell and cell.get("truthExponent", 0) > 2 * cell.get("truthExponentError", 0)]
        spectrum = [cell.get("spectrum", 1) for cell in own]
        row = [learner, str(len(own)), smape, quartiles(times, 2)]
        if learner == "persistence":
            row += [""] * 7
        else:
            row += [
                median(ratio), f"{median(spectrum)} ({median([cell.get('spectrumFloor') for cell in own])})",
                f"{100 * numpy.mean(lost):.0f} %", median(exponents), median([cell.get("parameters") for cell in own], 3),
                median([cell.get("seconds") for cell in own]), median([cell.get("framesPerSecond") for cell in own])]
        say("| " + " | ".join(row) + " |")
    problems = [cell for learner in learners for cell in of(learner, noise) if "problem" in cell]
    if problems:
        say("")
        say(f"{len(problems)} cells have no result: " + "; ".join(
            f"{cell['learner']} on {cell['system']}: {cell['problem'][:160]}" for cell in problems[:6])
            + (" …" if len(problems) > 6 else "") + ".")
    say("")
    wins = {}
    # The learners that have done more than a few systems.
    compared = [name for name in learners if not name.endswith("-long") and of(name, noise)]
    for name in systems:
        found = {}
        for learner in compared:
            values = [cell.get("smape", 200) for cell in of(learner, noise) if cell["system"] == name]
            if values:
                found[learner] = numpy.median(values)
        if len(found) == len(compared):
            wins.setdefault(min(found, key=found.get), []).append(name)
    if wins:
        say("Lowest sMAPE on the systems that " + ", ".join(compared) + " have all done: " + "; ".join(
            f"{learner} on {len(names)}" for learner, names in sorted(wins.items(), key=lambda item: -len(item[1]))) + ".")
        say("")
say("## Published numbers")
say("")
say("Theirs, with their protocol: the same number of points, forecast and sMAPE, without noise, systems of the collection as it was")
say("then, stored trajectories; medians over systems: " + ", ".join(f"{name} {value}" for name, value in PUBLISHED)
    + " (recomputed from the raw results of Gilpin 2021, 2023). Lorenz-63 alone: PhyxMamba has a valid time of 5.06 and D_stsp 1.13")
say("from another split; DynaMix, not trained on it, D_stsp 0.80 and D_H 0.064 over 10 000 points; AL-RNN of 20 units, 2 rectified, 3.52")
say("and 0.143 over 10 000; the shallow PLRNN with generalised teacher forcing 0.26 and 0.09 over 100 000. Distances of other lengths and")
say("bins cannot be compared with ours.")
say("")
say("![Errors of forecasts](figures/board-smape.svg)")
say("")
say("![Attractors](figures/board-climate.svg)")
say("")
say("## Every system")
say("")
say("Median sMAPE over seeds without noise; — is not computed yet. λ₁ is the truth's, by two trajectories from four starts, with the")
say("standard error of their mean.")
say("")
say("| system | λ₁ | " + " | ".join(learners) + " |")
say("|---|---|" + "---|" * len(learners))
for name in systems:
    row = []
    exponent = ""
    for learner in learners:
        own = [cell for cell in of(learner, 0) if cell["system"] == name]
        row.append(f"{numpy.median([cell.get('smape', 200) for cell in own]):.2g}" if own else "—")
        for cell in own:
            if "truthExponent" in cell:
                exponent = f"{cell['truthExponent']:.3g} ± {cell.get('truthExponentError', float('nan')):.1g}"
    say(f"| {name} | {exponent} | " + " | ".join(row) + " |")
page.write_text("\n".join(lines) + "\n")

figures.mkdir(exist_ok=True)
width = 0.8 / max(len(noises), 1)
colours = pyplot.get_cmap("viridis")(numpy.linspace(0.15, 0.85, max(len(noises), 1)))


def boxes(axes, values, floor):
    for k, noise in enumerate(noises):
        data = [numpy.maximum(values(learner, noise), floor) for learner in learners]
        places = numpy.arange(len(learners)) + (k - (len(noises) - 1) / 2) * width
        drawn = axes.boxplot(
            [part if len(part) else [numpy.nan] for part in data], positions=places, widths=0.85 * width, whis=(5, 95),
            showfliers=False, patch_artist=True, medianprops={"color": "black"})
        for box in drawn["boxes"]:
            box.set_facecolor(colours[k])
        drawn["boxes"][0].set_label(f"noise {100 * noise:g} %")
    axes.set_xticks(range(len(learners)), learners, rotation=20)
    axes.set_yscale("log")
    axes.grid(axis="y", alpha=0.3)
    axes.legend(fontsize=8)


figure, axes = pyplot.subplots(figsize=(8, 4), layout="constrained")
boxes(axes, lambda learner, noise: known(learner, noise, "smape", 200), 1e-4)
for (name, value), style in zip(PUBLISHED, ("--", ":", "-.")):
    axes.axhline(value, color="grey", linestyle=style, linewidth=1)
    axes.annotate(name, (len(learners) - 0.5, value), fontsize=7, color="grey", ha="right", va="bottom")
axes.set_ylabel("sMAPE of 200 points (0 … 200)")
axes.set_title("Forecasts over systems: boxes are quartiles, whiskers 5 and 95 %; grey lines are published medians", fontsize=9)
figure.savefig(figures / "board-smape.svg", metadata={"Date": None})


def ratios(learner, noise):
    return numpy.array([
        min(cell["stateSpace"] / cell["stateSpaceFloor"], 1e4) if "stateSpace" in cell else 1e4
        for cell in of(learner, noise) if cell.get("stateSpaceFloor", 0) > 0])


figure, axes = pyplot.subplots(figsize=(8, 4), layout="constrained")
boxes(axes, ratios, 1e-3)
axes.axhline(1, color="grey", linewidth=1)
axes.set_ylabel("D_stsp over that of other truth")
axes.set_title("Attractors of 2000 frames: 1 is as near as other truth is; lost ones are at the top", fontsize=9)
figure.savefig(figures / "board-climate.svg", metadata={"Date": None})
print(page)
