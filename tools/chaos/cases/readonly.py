"""A disk turns read-only under a run: it ends with a sentence, and goes on to the same end when the disk is well again."""
import os
import pathlib
import subprocess
import time

from cases.disk import KINDS, check, expect_same, expect_sentence, in_peace
from frame import Skipped
from pipelines import chosen

NAME = "read-only"
SUMMARY = "a disk that turns read-only under a run: a sentence, an exit code, nothing lost but the last seconds"
ROUNDS = 8


def accident(place, kind, file, whole, number):
    """An error of the file system has it go on read-only, as ext4 does it by itself."""
    image, disk = place.folder / "disk.img", place.folder / "disk"
    with open(image, "wb") as made:
        made.truncate(64 << 20)
    disk.mkdir(exist_ok=True)
    try:
        subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
        subprocess.run(["mount", "-o", "loop,errors=remount-ro", image, disk], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Skipped(f"no file system of our own can be made: {error}")
    try:
        device = subprocess.run(
            ["findmnt", "-n", "-o", "SOURCE", disk], check=True, capture_output=True, text=True).stdout.strip()
        trigger = pathlib.Path("/sys/fs/ext4") / pathlib.Path(device).name / "trigger_fs_error"
        if not trigger.exists():
            raise Skipped("this kernel's ext4 cannot be asked for an error")
        folder = disk / "run"
        started = place.start("run", file, "--no-page", "--directory", folder)
        metrics = folder / "metrics.jsonl"
        sizes = []
        ripe = place.chance.randrange(500, 16000)
        while started.process.poll() is None and not (sizes and sizes[-1][1] > ripe):
            sizes.append((time.monotonic(), metrics.stat().st_size if metrics.exists() else 0))
            time.sleep(0.002)
        instant = time.monotonic()
        trigger.write_text("chaos\n")
        ended = started.wait()
        if ended.code == 0:
            return False
        expect_sentence(ended, folder)
        assert ended.code == 73, f"exit code {ended.code} on a disk that turned read-only: {ended.words[-800:]}"
        subprocess.run(["umount", disk], check=True)
        subprocess.run(["e2fsck", "-fy", image], capture_output=True)
        subprocess.run(["mount", "-o", "loop", image, disk], check=True)
        # What was written in the last 2 s may have been in the system's memory alone; the synchronisation takes its time, too.
        old = max([size for at, size in sizes if at < instant - 5], default=0)
        kept = metrics.stat().st_size if metrics.exists() else 0
        assert kept >= old, f"{metrics} has {kept} bytes of the {old} that were there 5 s before the disk turned read-only"
        more = ["--resume"] if (folder / "pipeline.yaml").exists() else []
        place.run("run", file, "--no-page", "--directory", folder, *more).expect(0)
        check(place, folder)
        # What the last checkpoint stands on was brought to the disk before it.
        expect_same(folder, 1, whole, lost=0)
    finally:
        subprocess.run(["umount", disk], capture_output=True)
        image.unlink(missing_ok=True)
    place.say(f"round {number + 1}: {kind.name}, the disk turned read-only: exit code 73, then the same")
    return True


def run(place, rounds):
    if os.geteuid() != 0:
        raise Skipped("without root no disk can be mounted")
    kinds = [kind for kind in chosen(place) if place.only or kind.name in KINDS]
    references, turned = {}, 0
    for number in range(rounds):
        kind = kinds[number % len(kinds)]
        turned += accident(place, kind, *in_peace(place, kind, references), number)
    return f"under {turned} of {rounds} runs a disk turned read-only; all went on to the same end, not a step missing"
