#!/usr/bin/env python3
"""Times a fit and a rollout of nonlinear vector autoregression in NumPy, an array operation a feature in the fit, as
the published scripts have it; the rollout takes all products at once where those loop over them one by one.

Usage: readout.py SITES ORDER FRAMES RADIUS (0 sites: Lorenz-63); one JSON object.
"""

import itertools
import json
import os
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")

import numpy as np

sites, order, count, radius = map(int, sys.argv[1:])


def slope(u):
    if sites:
        return (np.roll(u, -1) - np.roll(u, 2)) * np.roll(u, 1) - u + 8
    return np.array([10 * (u[1] - u[0]), u[0] * (28 - u[2]) - u[1], u[0] * u[1] - 8 / 3 * u[2]])


u = 8 + np.sin(np.arange(sites)) if sites else np.array([1.0, 1.0, 25.0])
states = []
for k in range(1000 + count):
    k1 = slope(u)
    k2 = slope(u + 0.005 * k1)
    k3 = slope(u + 0.005 * k2)
    u = u + 0.01 / 6 * (k1 + 2 * k2 + 2 * k3 + slope(u + 0.01 * k3))
    if k >= 1000:
        states.append(u)
states = np.array(states)
states = states / np.abs(states).max()


def seen(frames):
    """(inputs, frames · sites)."""
    if not sites:
        return frames.T
    return np.stack([np.roll(frames, -k, axis=1).reshape(-1) for k in range(-radius, radius + 1)])


def features(x):
    rows = [np.ones(x.shape[1])] + list(x)
    last = [(i, x[i]) for i in range(len(x))]
    for _ in range(order - 1):
        last = [(j, value * x[j]) for i, value in last for j in range(i, len(x))]
        rows += [value for _, value in last]
    return np.array(rows)


def fit():
    o = features(np.concatenate([seen(states[1:-1]), seen(states[:-2])]))
    change = states[2:] - states[1:-1]
    y = change.reshape(1, -1) if sites else change.T
    return (y @ o.T) @ np.linalg.pinv(o @ o.T + 2.5e-6 * np.eye(len(o)))


def seconds(body, repeats):
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        body()
        times.append(time.perf_counter() - begin)
    return min(times)


w = fit()
inputs = (2 * radius + 1 if sites else 3) * 2
products = [np.array(list(itertools.combinations_with_replacement(range(inputs), k))) for k in range(2, order + 1)]


def rollout(steps=500):
    x, before = states[100], states[99]
    for _ in range(steps):
        linear = np.concatenate([seen(x[None]), seen(before[None])])
        o = np.concatenate([np.ones((1, linear.shape[1])), linear] + [linear[p].prod(axis=1) for p in products])
        change = (w @ o).reshape(-1)
        x, before = x + change, x
        if not np.isfinite(x).all():
            x, before = states[100], states[99]
    return x


print(json.dumps({"fit": seconds(fit, 3), "step": seconds(rollout, 3) / 500}))
