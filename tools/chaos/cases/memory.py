"""Little address space: said at the start, never a hang."""
import resource

from cases.descriptors import limited
from outcome import Outcome
from pipelines import chosen

NAME = "memory"
SUMMARY = "ulimit -v: too little is said at the start with exit code 69, enough is enough; never a hang"
ROUNDS = 2


def run(place, rounds):
    kinds = chosen(place)
    for number in range(rounds):
        kind = kinds[number % len(kinds)]
        home = place.folder / f"{number}-{kind.name}"
        file = kind.write(home, place)
        little = place.chance.randint(300, 900) << 20
        ended = place.run("run", file, "--no-page", "--directory", home / "little",
                          preexec_fn=limited(resource.RLIMIT_AS, little)).expect(69)
        assert "ulimit -v" in ended.words, ended.words
        assert not (home / "little").exists(), "it began something"
        place.run("run", file, "--no-page", "--directory", home / "enough",
                  preexec_fn=limited(resource.RLIMIT_AS, 4 << 30)).expect(0)
        Outcome(home / "enough").expect_consistent()
        place.say(f"round {number + 1}: {kind.name}, {little >> 20} MiB refused, 4 GiB enough")
    return f"{rounds} runs with 300 to 900 MiB of addresses end with 69 at once, with 4 GiB they are whole"
