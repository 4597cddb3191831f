"""A clock that is wrong, runs at another pace or jumps, by libfaketime."""
import shutil

from frame import Skipped
from outcome import Outcome
from pipelines import chosen

NAME = "clock"
SUMMARY = "a clock that is years off, runs faster or slower, by libfaketime: nothing but times depends on it"
ROUNDS = 3

CLOCKS = ["-30y", "+30y", "+0 x20", "+0 x0.2", "@2038-01-19 03:14:05", "@1970-01-02 00:00:00"]


def run(place, rounds):
    if not shutil.which("faketime"):
        raise Skipped("faketime is not installed (Debian package faketime)")
    kinds = chosen(place)
    for number in range(rounds):
        kind, clock = kinds[number % len(kinds)], place.chance.choice(CLOCKS)
        home = place.folder / f"{number}-{kind.name}"
        file = kind.write(home, place)
        place.run("run", file, "--no-page", "--directory", home / "whole").expect(0)
        place.run("run", file, "--no-page", "--directory", home / "elsewhen", before=["faketime", "-f", clock]).expect(0)
        elsewhen = Outcome(home / "elsewhen")
        elsewhen.expect_consistent()
        elsewhen.expect_same(Outcome(home / "whole"), judged=kind.judged)
        place.say(f"round {number + 1}: {kind.name} at {clock}, the same")
    return f"{rounds} runs by wrong clocks; all are the same"
