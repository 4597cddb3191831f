"""Few descriptors: a run either does with them or says so, and what it leaves can be gone on with."""
import resource

from outcome import Outcome
from pipelines import chosen

NAME = "descriptors"
SUMMARY = "ulimit -n from few to enough: a clean error or a whole run, never a crash, and --resume completes it"
ROUNDS = 4

CODES = [0, 65, 69, 73, 78, 130]


def limited(kind, value):
    return lambda: resource.setrlimit(kind, (value, value))


def run(place, rounds):
    kinds, whole_runs = chosen(place), 0
    for number in range(rounds):
        kind = kinds[number % len(kinds)]
        few = place.chance.randint(12, 40)
        home = place.folder / f"{number}-{kind.name}"
        file = kind.write(home, place)
        place.run("run", file, "--no-page", "--directory", home / "whole").expect(0)
        ended = place.run("run", file, "--no-page", "--directory", home / "few",
                          preexec_fn=limited(resource.RLIMIT_NOFILE, few)).expect(*CODES)
        whole_runs += ended.code == 0
        if ended.code:
            assert len(ended.words.strip().splitlines()) > 0, "it ended without a word"
        more = ["--resume"] if (home / "few/pipeline.yaml").exists() else []
        place.run("run", file, "--no-page", "--directory", home / "few", *more).expect(0)
        left = Outcome(home / "few", 1)
        left.expect_consistent()
        left.expect_same(Outcome(home / "whole"), judged=kind.judged)
        place.say(f"round {number + 1}: {kind.name} with {few} descriptors ended with {ended.code}; then complete")
    return f"{rounds} runs with 12 to 40 descriptors, {whole_runs} of them whole at once; all were completed"
