"""SIGSTOP for a while at random instants, then SIGCONT."""
import signal
import time

from outcome import Outcome
from pipelines import chosen

NAME = "stop"
SUMMARY = "SIGSTOP for a while at random instants, then SIGCONT: the run ends as if it had not slept"
ROUNDS = 3


def run(place, rounds):
    kinds, sleeps = chosen(place), 0
    for number in range(rounds):
        kind = kinds[number % len(kinds)]
        home = place.folder / f"{number}-{kind.name}"
        file = kind.write(home, place)
        place.run("run", file, "--no-page", "--directory", home / "whole").expect(0)
        started = place.start("run", file, "--no-page", "--directory", home / "slept")
        while started.process.poll() is None and sleeps < 4 * (number + 1):
            time.sleep(place.chance.uniform(0.02, 0.2))
            if started.signal(signal.SIGSTOP):
                sleeps += 1
                time.sleep(place.chance.uniform(0.05, 0.4))
                started.signal(signal.SIGCONT)
        started.wait().expect(0)
        slept = Outcome(home / "slept")
        slept.expect_consistent()
        slept.expect_same(Outcome(home / "whole"), judged=kind.judged)
        place.say(f"round {number + 1}: {kind.name}, the same")
    return f"{sleeps} sleeps over {rounds} runs; all are the same"
