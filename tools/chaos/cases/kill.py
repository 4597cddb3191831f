"""SIGKILL at random instants and --resume, again and again until the run is complete."""
import signal
import time

from outcome import Outcome
from pipelines import chosen

NAME = "kill"
SUMMARY = "SIGKILL at random instants and --resume until complete: weights, store, ledger, verdicts, log as without"
ROUNDS = 14

# Files whose growth is an instant worth a kill, and what follows it within milliseconds.
MARKS = ["ledger.jsonl", "verdicts.jsonl", "metrics.jsonl", "checkpoints", "trajectories.zarr"]


def change(path):
    try:
        status = path.stat()
        return status.st_size, status.st_mtime_ns
    except FileNotFoundError:
        return None


def kill_at_some_time(place, started, folder, seconds):
    """Kills after so much work of the processor, or just after a file has changed a few times. Returns whether it ran.

    By the processor's time and not by the clock, so that the same instants come on a busy machine.
    """
    chance = place.chance
    most = chance.uniform(0, seconds)
    mark, times = folder / chance.choice(MARKS), chance.randint(1, 3)
    follows, then = chance.random() < 0.5, chance.uniform(0, 0.003)
    last = change(mark)
    while started.process.poll() is None:
        now = change(mark)
        if follows and now != last:
            last, times = now, times - 1
            if times == 0:
                break
        if started.processor_seconds >= most * (2 if follows else 1):
            break
        time.sleep(0.0005)
    time.sleep(then)
    alive = started.signal(signal.SIGKILL)
    started.process.wait()
    return alive and started.process.returncode == -signal.SIGKILL


def complete(place, file, folder, seconds, most):
    """Runs a pipeline to its end through kills. Returns how many there were."""
    kills = 0
    wanted = place.chance.randint(1, most)
    while True:
        more = ["--resume"] if (folder / "pipeline.yaml").exists() else []
        started = place.start("run", file, "--no-page", "--directory", folder, *more)
        if kills < wanted and kill_at_some_time(place, started, folder, seconds):
            kills += 1
            continue
        started.wait().expect(0)
        return kills


def run(place, rounds):
    kinds = chosen(place)
    references, kills = {}, 0
    for number in range(rounds):
        kind = kinds[number % len(kinds)]
        if kind.name not in references:
            home = place.folder / kind.name
            file = kind.write(home, place)
            started = place.start("run", file, "--no-page", "--directory", home / "whole")
            used = started.processor_seconds
            while started.process.poll() is None:
                used = started.processor_seconds or used
                time.sleep(0.01)
            started.wait().expect(0)
            whole = Outcome(home / "whole")
            whole.expect_consistent()
            references[kind.name] = (file, whole, used)
        file, whole, seconds = references[kind.name]
        folder = place.folder / kind.name / f"killed-{number}"
        count = complete(place, file, folder, 0.6 * seconds, most=14)
        kills += count
        killed = Outcome(folder, count)
        killed.expect_same(whole, judged=kind.judged)
        killed.expect_consistent()
        place.say(f"round {number + 1}: {kind.name}, {count} kills, the same")
    return f"{kills} kills over {rounds} runs of {len(references)} kinds; all are as if there had been none"
