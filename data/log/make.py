#!/usr/bin/env python3
"""Writes a log as a growing program would: a food chain of three species, counted once a second.

  data/log/make.py FILE.csv                      40 000 rows at once
  data/log/make.py FILE.csv --rows 0 --pace 200  without end, 200 rows a second, for `tail` to follow

Grass, hares and foxes by the chaotic equations of Hastings and Powell (Ecology 72, 896, 1991), integrated by RK4, counted
with an error of half a per cent; the log has one gap of a minute and one row in which a number is missing, as real ones
have.
"""
import argparse
import random
import sys
import time


def rates(s):
    grass, hares, foxes = s
    eaten = 5.0 * grass / (1 + 3.0 * grass) * hares
    caught = 0.1 * hares / (1 + 2.0 * hares) * foxes
    return (grass * (1 - grass) - eaten, eaten - caught - 0.4 * hares, caught - 0.01 * foxes)


def moved(s, k, h):
    return tuple(x + h * d for x, d in zip(s, k))


def step(s, h):
    k1 = rates(s)
    k2 = rates(moved(s, k1, h / 2))
    k3 = rates(moved(s, k2, h / 2))
    k4 = rates(moved(s, k3, h))
    return tuple(x + h / 6 * (a + 2 * b + 2 * c + d) for x, a, b, c, d in zip(s, k1, k2, k3, k4))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--rows", type=int, default=40_000, help="0 for no end")
    parser.add_argument("--pace", type=float, default=0, help="rows a second; 0 for as fast as it goes")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    noise = random.Random(options.seed)
    state, number = (0.8, 0.2, 9.0), 0
    with open(options.file, "w") as log:
        log.write("time,grass,hares,foxes\n")
        while options.rows == 0 or number < options.rows:
            for _ in range(4):
                state = step(state, 0.25)
            number += 1
            at = number + (60 if number > 9000 else 0)
            cells = [f"{x * (1 + 0.005 * noise.gauss(0, 1)):.6f}" for x in state]
            if number == 5000:
                cells[1] = ""
            log.write(f"{at},{','.join(cells)}\n")
            if options.pace > 0:
                log.flush()
                time.sleep(1 / options.pace)


if __name__ == "__main__":
    try:
        main()
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(0)
