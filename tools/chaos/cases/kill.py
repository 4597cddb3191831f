"""SIGKILL at random instants and --resume, again and again until the run is complete."""
import signal
import time

from outcome import Outcome
from pipelines import chosen

NAME = "kill"
SUMMARY = "SIGKILL at random instants and --resume until complete: weights, store, ledger, verdicts, log as without"
ROUNDS = 14

# Files whose growth is an instant worth a kill, and what follows it within milliseconds.
MARKS = ["ledger.jsonl", "verdicts.jsonl", "metrics.jsonl", "checkpoints", "trajectories.zarr", "pipeline.yaml"]


def change(path):
    try:
        status = path.stat()
        return status.st_size, status.st_mtime_ns
    except FileNotFoundError:
        return None


def kill_at_some_time(place, started, folder, seconds):
    """Kills after a delay, or just after a file has changed a few times. Returns whether it still ran."""
    chance = place.chance
    delay = chance.uniform(0.02, seconds)
    if chance.random() < 0.5:
        mark, times, then = folder / chance.choice(MARKS), chance.randint(1, 4), chance.uniform(0, 0.003)
        limit, last = time.monotonic() + 2 * seconds, change(mark)
        while times > 0 and time.monotonic() < limit and started.process.poll() is None:
            now = change(mark)
            if now != last:
                last, times = now, times - 1
            time.sleep(0.0002)
        delay = then
    time.sleep(delay)
    alive = started.signal(signal.SIGKILL)
    started.process.wait()
    return alive and started.process.returncode == -signal.SIGKILL


def complete(place, file, folder, seconds, most=8):
    """Runs a pipeline to its end through kills. Returns how many there were."""
    kills = 0
    wanted = place.chance.randint(2, most)
    while True:
        more = ["--resume"] if (folder / "pipeline.yaml").exists() else []
        started = place.start("run", file, "--no-page", "--directory", folder, *more)
        if kills < wanted:
            if kill_at_some_time(place, started, folder, seconds):
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
            started.wait().expect(0)
            whole = Outcome(home / "whole")
            whole.expect_consistent()
            references[kind.name] = (file, whole, started.seconds)
        file, whole, seconds = references[kind.name]
        folder = place.folder / kind.name / f"killed-{number}"
        count = complete(place, file, folder, seconds)
        kills += count
        killed = Outcome(folder, count)
        killed.expect_same(whole, judged=kind.judged)
        killed.expect_consistent()
        place.say(f"round {number + 1}: {kind.name}, {count} kills, the same")
    return f"{kills} kills over {rounds} runs of {len(references)} kinds; all are as if there had been none"
