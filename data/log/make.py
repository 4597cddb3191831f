#!/usr/bin/env python3
"""Writes a log as a growing program would: three coupled quantities of a noisy machine, a row a second.

  data/log/make.py FILE.csv                      20 000 rows at once
  data/log/make.py FILE.csv --rows 0 --pace 200  without end, 200 rows a second, for `tail` to follow

Two driven pendulums and the heat that their friction makes, integrated by RK4, with noise of one per cent; the log has one
gap of a minute and one row in which a number is missing, as real ones have.
"""
import argparse
import math
import random
import sys
import time


def rates(t, s):
    a, va, b, vb, heat = s
    pull = 0.35 * (b - a)
    return (
        va,
        -math.sin(a) - 0.12 * va + pull + 0.55 * math.cos(0.66 * t),
        vb,
        -1.3 * math.sin(b) - 0.10 * vb - pull,
        0.12 * va * va + 0.10 * vb * vb - 0.02 * (heat - 2.0),
    )


def step(t, s, h):
    def moved(k, f):
        return tuple(x + f * d for x, d in zip(s, k))

    k1 = rates(t, s)
    k2 = rates(t + h / 2, moved(k1, h / 2))
    k3 = rates(t + h / 2, moved(k2, h / 2))
    k4 = rates(t + h, moved(k3, h))
    return tuple(x + h / 6 * (a + 2 * b + 2 * c + d) for x, a, b, c, d in zip(s, k1, k2, k3, k4))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--rows", type=int, default=20_000, help="0 for no end")
    parser.add_argument("--pace", type=float, default=0, help="rows a second; 0 for as fast as it goes")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    noise = random.Random(options.seed)
    state, t, number = (0.4, 0.0, -0.2, 0.1, 2.0), 0.0, 0
    with open(options.file, "w") as log:
        log.write("time,left,right,heat\n")
        while options.rows == 0 or number < options.rows:
            for _ in range(5):
                state = step(t, state, 0.04)
                t += 0.04
            number += 1
            at = number + (60 if number > 9000 else 0)
            left, right, heat = math.sin(state[0]), math.sin(state[2]), state[4]
            cells = [f"{x + 0.01 * noise.gauss(0, 1):.6f}" for x in (left, right, heat)]
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
