"""The catalogue: one file a case, with NAME, SUMMARY, ROUNDS and run(place, rounds), which gives a sentence or fails."""
from . import clock, descriptors, disk, kill, memory, numbers, power, readonly, signals, stop

CASES = {case.NAME: case for case in (kill, stop, signals, descriptors, memory, clock, numbers, disk, readonly, power)}
