"""The power is cut: a copy of a small ext4 file system at a random instant, mounted, mended and gone on with."""
import ctypes
import ctypes.util
import os
import shutil
import signal
import struct
import subprocess
import time

from frame import Skipped
from outcome import lines

NAME = "power"
SUMMARY = "an ext4 file system is copied at random instants while a run writes to it: what each copy lacks is the last 2 s"
ROUNDS = 20

PLAN = """
name: power
seed: 5
held-out-one-in: 4
sources:
  source: { simulate: { system: holstein, preset: shallow, sites: 6, every: 8, trajectories: 4, frames: 200000 } }
  checkpoints: { checkpoint-watch: {} }
stages:
  train:
    from: source
    deliver: latest
    online-trainer: { model: { family: mlp, width: 16, layers: 1 }, batch: 4, window: 4, reservoir: 10, warm-up-frames: 60,
      warm-up-steps: 5, frames-per-step: 5, workers: 1, curriculum: [{ batches: 1000000, steps: 1, noise: 1e-3 }],
      checkpoint-every: 50 }
sinks:
  store: { from: source, zarr: { path: s.zarr, chunk: 16, SYNCHRONISED } }
  metrics: { from: train, jsonl: metrics.jsonl }
"""
INTERVAL = 2.0
# The synchronisation itself takes its time.
SLACK = 3.0
LENGTHS = 1024


class Disk:
    def __init__(self, image, folder, new=False):
        self.image, self.folder = image, folder
        folder.mkdir(exist_ok=True)
        if new:
            with open(image, "wb") as file:
                file.truncate(160 << 20)
            subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, folder], check=True, capture_output=True)

    def close(self):
        subprocess.run(["umount", self.folder], check=True)

    def cut(self, copy):
        """The image as it is at one instant: between two equal readings nothing was written."""
        before = self.image.read_bytes()
        while (now := self.image.read_bytes()) != before:
            before = now
        copy.write_bytes(before)


def zstd():
    name = ctypes.util.find_library("zstd") or "libzstd.so.1"
    try:
        found = ctypes.CDLL(name)
    except OSError:
        raise Skipped("there is no libzstd") from None
    found.ZSTD_decompress.restype = ctypes.c_size_t
    found.ZSTD_decompress.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
    return found


def lengths(store, codec):
    """What the store reports, as any reader sees it."""
    try:
        packed = (store / "length" / "c.0").read_bytes()
    except FileNotFoundError:
        return [0] * 4
    # Of a store so young that `length` has no trajectory yet nothing has been reported.
    if not packed:
        return [0] * 4
    target = ctypes.create_string_buffer(8 * LENGTHS)
    assert codec.ZSTD_decompress(target, len(target), packed, len(packed)) == 8 * LENGTHS, "lengths that do not decode"
    return list(struct.unpack(f"<{LENGTHS}q", target.raw)[:4])


def one(place, number, codec):
    disk = Disk(place.folder / "disk.img", place.folder / "disk", new=True)
    chance = place.chance
    file = place.folder / "power.yaml"
    file.write_text(PLAN.replace("SYNCHRONISED", "synchronised: 2 s"))
    folder = disk.folder / "run"
    store = folder / "s.zarr"
    reports = []
    try:
        started = place.start("run", file, "--no-page", "--directory", folder)
        begin = time.monotonic()
        while not store.exists() and started.process.poll() is None and time.monotonic() - begin < 120:
            time.sleep(0.01)
        # Young stores are worth as many cuts as old ones.
        end = time.monotonic() + (chance.uniform(0, 1) if number % 2 else chance.uniform(1, 9))
        while time.monotonic() < end:
            # When it is known, and not when it is asked for.
            found = lengths(store, codec)
            reports.append((time.monotonic(), found))
            time.sleep(0.02)
        image = place.folder / "cut.img"
        # Stopped, the program gets nothing more to the disk; what is in the system's memory alone is lost with the power.
        assert started.signal(signal.SIGSTOP), f"the run has ended: {started.words()[-800:]}"
        instant = time.monotonic()
        disk.cut(image)
        assert "It waits" not in started.words(), "the image is too small"
        started.signal(signal.SIGKILL)
        started.process.wait()
        truth = place.folder / "truth"
        shutil.rmtree(truth, ignore_errors=True)
        shutil.copytree(folder, truth)
    finally:
        for other in place.started:
            if other.process.poll() is None:
                other.process.kill()
                other.process.wait()
        disk.close()
    return examine(place, number, image, instant, reports, truth, codec)


def examine(place, number, image, instant, reports, truth, codec):
    disk = Disk(image, place.folder / "copy")
    folder = disk.folder / "run"
    store = folder / "s.zarr"
    try:
        assert (folder / "pipeline.yaml").stat().st_size > 0, "pipeline.yaml is empty"
        mended = place.run("inspect", store, "--repair", "--apply").expect(0).words
        verified = place.run("inspect", store, "--verify").expect(0).words
        assert "every chunk is whole" in verified, verified
        kept = lengths(store, codec)
        # Bit for bit what the run wrote.
        for array in ("rho", "Q", "P", "time"):
            for path in (truth / "s.zarr" / array).glob("c.*"):
                trajectory, row = map(int, path.name.split(".")[1:3])
                if (row + 1) * 16 <= kept[trajectory]:
                    assert path.read_bytes() == (store / array / path.name).read_bytes(), f"{path.name} of {array} differs"
        lost = [at for at, found in reports if any(a > b for a, b in zip(found, kept))]
        age = instant - min(lost) if lost else 0.0
        newest = max((sum(found) for _, found in reports), default=0)
        assert age <= INTERVAL + SLACK, f"frames that had been reported {age:.1f} s before the cut are lost"
        lines(folder / "metrics.jsonl", 1) if ends_with_line(folder / "metrics.jsonl") else None
        for checkpoint in (folder / "checkpoints").glob("step-*.safetensors"):
            place.run("inspect", checkpoint).expect(0)
        # The run itself goes on from there.
        started = place.start("run", place.folder / "power.yaml", "--no-page", "--directory", folder, "--resume")
        begin = time.monotonic()
        while started.process.poll() is None and time.monotonic() - begin < 120 and not any(
                a > b for a, b in zip(lengths(store, codec), kept)):
            time.sleep(0.05)
        started.signal(signal.SIGTERM)
        started.wait().expect(130)
    finally:
        disk.close()
    place.say(f"cut {number + 1}: {newest} frames were reported, {sum(kept)} are there, the oldest that is lost {age:.2f} s old"
              + ("" if "Nothing to repair" in mended else "; mended"))
    return age, newest - sum(kept)


def ends_with_line(path):
    return path.exists() and path.read_bytes().endswith(b"\n")


def run(place, rounds):
    if os.geteuid() != 0:
        raise Skipped("a loop device needs root")
    codec = zstd()
    try:
        Disk(place.folder / "probe.img", place.folder / "probe", new=True).close()
    except (OSError, subprocess.CalledProcessError):
        raise Skipped("no loop device can be mounted here") from None
    found = [one(place, number, codec) for number in range(rounds)]
    return (f"{rounds} cuts; every store opened, verified and was gone on with; at most {max(0, max(n for _, n in found))}"
            f" frames, reported at most {max(age for age, _ in found):.1f} s before the cut, were lost")
