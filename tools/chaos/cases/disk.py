"""Calls that write fail: every run ends with a documented exit code and a sentence, and what it left can be gone on with."""
import os
import pathlib
import shutil
import subprocess

from frame import Skipped
from outcome import Outcome
from pipelines import chosen

NAME = "disk"
SUMMARY = "EIO, full disks, short and slow writes: a sentence, an exit code, nothing lost"
ROUNDS = 16

# Of how many calls one fails.
RATES = {"eio": (1e-4, 1e-2), "enospc": (1e-3, 1e-2), "short": (0.05, 0.5), "slow": (1e-3, 1e-2)}
KINDS = ["holstein", "lorenz-63"]
# 0: nothing that failed mattered, or the run waited; 73: it could not be written.
DOCUMENTED = (0, 73)


def library(place):
    """The library that stands between the program and the system, compiled."""
    compiler = shutil.which("cc") or shutil.which("clang") or shutil.which("gcc")
    if compiler is None:
        raise Skipped("there is no C compiler")
    made = place.folder / "interpose.so"
    source = pathlib.Path(__file__).resolve().parent.parent / "interpose.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", made, source, "-ldl"], check=True)
    return made


def check(place, folder):
    """What is left opens and is whole: the store, and every checkpoint."""
    for store in folder.glob("*.zarr"):
        ended = place.run("inspect", store, "--verify").expect(0)
        assert "DAMAGED" not in ended.words, ended.words
    for file in (folder / "checkpoints").glob("step-*.safetensors"):
        place.run("inspect", file).expect(0)


def expect_sentence(ended, folder):
    """A failure says which file could not be written, in words of ours."""
    ended.expect(*DOCUMENTED)
    assert "Fatal error" not in ended.words and "Error Domain" not in ended.words, ended.words
    if ended.code == 73:
        last = [line for line in ended.words.splitlines() if line.startswith("holstream: ")]
        assert last and folder.name in last[-1], f"no sentence that names a file: {ended.words[-800:]}"


def expect_same(folder, sessions, whole, lost=5):
    """Nothing that a run in peace has is missing or other. A run that failed has written one more checkpoint at its end, and
    what its log could not take of the steps before, `lost` a failure at most, is missing there: that is what its exit code
    said."""
    found = Outcome(folder, sessions)
    found.weights = {name: digest for name, digest in found.weights.items() if name in whole.weights}
    found.landed = {step: count for step, count in found.landed.items() if step in whole.landed}
    missing = set(whole.metrics) - set(found.metrics)
    assert len(missing) <= lost * (sessions - 1 if sessions > 1 else 1), f"{folder}: steps {sorted(missing)} are not in the log"
    found.metrics |= {step: whole.metrics[step] for step in missing}
    found.expect_same(whole, judged=False)


def in_peace(place, kind, references):
    """The file of a kind, and the outcome of a run that was left in peace, which is made once."""
    if kind.name not in references:
        home = place.folder / kind.name
        file = kind.write(home, place)
        place.run("run", file, "--no-page", "--directory", home / "whole").expect(0)
        references[kind.name] = (file, Outcome(home / "whole"))
    return references[kind.name]


def interposed(place, kind, file, whole, number, made):
    fault = place.chance.choice(list(RATES))
    low, high = RATES[fault]
    folder = place.folder / kind.name / f"faulty-{number}"
    log = place.folder / kind.name / f"faults-{number}.txt"
    codes = []
    for session in range(3):
        rate = low * (high / low) ** place.chance.random()
        more = ["--resume"] if (folder / "pipeline.yaml").exists() else []
        ended = place.start(
            "run", file, "--no-page", "--directory", folder, *more,
            env=dict(os.environ, LD_PRELOAD=str(made), CHAOS_UNDER=str(folder), CHAOS_KIND=fault, CHAOS_RATE=str(rate),
                     CHAOS_SEED=str(place.chance.randrange(1 << 30)), CHAOS_LOG=str(log))).wait()
        expect_sentence(ended, folder)
        codes.append(ended.code)
        if ended.code == 0 and "Not sealed" in ended.words:
            # There was no room for it, which is no failure: it can be done later.
            place.run("seal", folder / "trajectories.zarr").expect(0)
        if folder.exists():
            check(place, folder)
        if ended.code == 0:
            break
    if codes[-1] != 0:
        more = ["--resume"] if (folder / "pipeline.yaml").exists() else []
        place.run("run", file, "--no-page", "--directory", folder, *more).expect(0)
    expect_same(folder, len(codes), whole)
    failures = log.read_text().count("\n") if log.exists() else 0
    place.say(f"round {number + 1}: {kind.name}, {fault}, {failures} calls failed, exit codes {codes}, then the same")
    return failures


def run(place, rounds):
    made = library(place)
    kinds = [kind for kind in chosen(place) if place.only or kind.name in KINDS]
    references, failures = {}, 0
    for number in range(rounds):
        kind = kinds[number % len(kinds)]
        file, whole = in_peace(place, kind, references)
        failures += interposed(place, kind, file, whole, number, made)
    return f"{failures} calls failed in {rounds} runs; all ended with 0 or 73 and went on to the same end"
