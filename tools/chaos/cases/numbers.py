"""The largest and strangest numbers in every key of a pipeline: an error or a run, never a crash."""
import re
import signal
import time

from pipelines import chosen

NAME = "numbers"
SUMMARY = "every key of every component with the largest and strangest numbers: an error or a run, never a crash"
ROUNDS = 20

VALUES = ["0", "-1", "1", "2147483648", "4294967296", "9223372036854775807", "-9223372036854775808",
          "18446744073709551616", "1e300", "-1e300", "1e-320", "nan", "inf", "1e300 s", "1e300 days", "1e9 days"]
NODES = [("simulate", "sources.source.simulate"), ("online-trainer", "stages.train.online-trainer"),
         ("verdict", "stages.evaluate.verdict"), ("zarr", "sinks.store.zarr"),
         ("checkpoint-watch", "sources.checkpoints.checkpoint-watch")]


def keys(place):
    """Paths of all keys that take a number, as `components` lists them."""
    found = ["seed", "held-out-one-in", "stages.train.buffer"]
    for word, path in NODES:
        stack = [path]
        for line in place.run("components", word).expect(0).words.splitlines()[2:]:
            match = re.match(r"^( +)([a-z0-9-]+): (\S*)", line)
            if not match:
                continue
            depth = len(match[1]) // 2
            stack = stack[:depth] + [match[2]]
            if match[3] not in ("…", "[…]") and not re.match(r"^(true|false)", match[3]):
                found.append(".".join(stack))
    return found


def run(place, rounds):
    kinds = [kind for kind in chosen(place) if kind.name in ("holstein", "lorenz-63")]
    known = keys(place)
    refused = 0
    for number in range(rounds):
        kind = kinds[number % len(kinds)]
        home = place.folder / f"{number}"
        file = kind.write(home, place)
        override = f"{place.chance.choice(known)}={place.chance.choice(VALUES)}"
        started = place.start("run", file, "--no-page", "--directory", home / "run", "--set", override)
        # What goes on for ever with such a number must still hear a signal.
        end = time.monotonic() + 20
        while started.process.poll() is None and started.processor_seconds < 2 and time.monotonic() < end:
            time.sleep(0.01)
        asked = started.signal(signal.SIGTERM)
        while asked and started.process.poll() is None and started.processor_seconds < 6:
            time.sleep(0.02)
        started.signal(signal.SIGTERM)
        ended = started.wait(60)
        assert ended.code in (0, 64, 65, 69, 73, 78, 130), f"{override}: exit code {ended.code}: {ended.words[-800:]}"
        refused += ended.code == 78
        place.say(f"round {number + 1}: {override}: {ended.code}")
    return f"{rounds} runs, each with one of {len(known)} keys set; {refused} were refused, none crashed"
