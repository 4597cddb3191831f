"""Signals that ask for a stop, at random instants, and --resume; closed and full standard streams."""
import signal
import time

from outcome import Outcome
from pipelines import chosen

NAME = "signals"
SUMMARY = "SIGINT, SIGTERM, SIGHUP at random instants and --resume, SIGPIPE; standard streams closed or full"
ROUNDS = 4


def hears(started):
    """Whether the program has taken SIGTERM over from the system, which is where its own handling begins."""
    try:
        words = open(f"/proc/{started.process.pid}/status").read()
    except (FileNotFoundError, ProcessLookupError):
        return False
    caught = int(words.partition("SigCgt:")[2].split()[0], 16)
    return bool(caught >> signal.SIGTERM - 1 & 1)


def in_a_long_step(place):
    """A diagonalisation hears nothing; the first signal is answered all the same, the second obeyed at once."""
    out = place.folder / "long.zarr"
    started = place.start("simulate", "--system", "holstein", "--set", "sites=1200", "--steps", "1", "--every", "1", "--out", out)
    while started.process.poll() is None and not hears(started):
        time.sleep(0.002)
    assert started.signal(signal.SIGTERM), started.words()
    while started.process.poll() is None and "Another signal" not in started.words():
        time.sleep(0.01)
    # Within a second it would be the same signal, sent twice.
    time.sleep(1)
    started.signal(signal.SIGTERM)
    ended = started.wait()
    ended.expect(130)
    assert "Another signal ends it at once" in ended.words, f"a signal in a long step was not answered: {ended.words}"


def run(place, rounds):
    in_a_long_step(place)
    kinds = [kind for kind in chosen(place) if kind.judged] or chosen(place)
    stops = 0
    for number in range(rounds):
        kind = kinds[number % len(kinds)]
        home = place.folder / f"{number}-{kind.name}"
        file = kind.write(home, place)
        # Left in peace, but without anything to write to.
        redirection = place.chance.choice(["2>&-", ">&- 2>/dev/full", "<&- >&- 2>&-"])
        place.start("run", file, "--no-page", "--directory", home / "whole",
                    before=["sh", "-c", f'exec "$0" "$@" {redirection}']).wait().expect(0)
        whole = Outcome(home / "whole")
        more = []
        for _ in range(8):
            started = place.start("run", file, "--no-page", "--directory", home / "stopped", *more)
            most, sent = place.chance.uniform(0.05, 0.8), place.chance.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
            while started.process.poll() is None and started.processor_seconds < most:
                time.sleep(0.002)
            # Before it listens a signal ends it, as any program; what it has by then is a run all the same.
            listens = "Running in" in started.words() or "Going on in" in started.words()
            started.signal(signal.SIGPIPE)
            if started.signal(sent):
                stops += 1
            ended = started.wait()
            ended.expect(*([0, 130] if listens else [0, 130, -sent, -signal.SIGPIPE]))
            if ended.code == 0:
                break
            more = ["--resume"] if (home / "stopped/pipeline.yaml").exists() else []
        place.start("run", file, "--no-page", "--directory", home / "stopped", *more).wait().expect(0) if ended.code else None
        stopped = Outcome(home / "stopped", 9)
        # A clean stop writes checkpoints of its own, which a run that was left in peace does not have.
        stopped.expect_consistent()
        stopped.same("the training log", stopped.metrics, whole.metrics)
        stopped.same("the store", stopped.store, whole.store)
        last = max(whole.weights)
        assert stopped.weights.get(last) == whole.weights[last], f"{stopped.folder}: the last weights differ"
        place.say(f"round {number + 1}: {kind.name}, the same")
    return f"{stops} stops over {rounds} runs; weights, store and logs as if there had been none"
