"""The catalogue: one file a case, with NAME, SUMMARY, ROUNDS and run(place, rounds), which returns a sentence or fails."""
from . import kill

CASES = {case.NAME: case for case in (kill,)}
