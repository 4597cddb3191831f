#!/usr/bin/env python3
"""Times the cases of bench-learning in PyTorch (whichever is installed): one JSON object a line.

Usage: learning.py [CASE...]; a case is named as bench-learning names it. The step is the same: forward, loss, backward,
clipping, AdamW; dropout masks and noise are drawn in the recipe's case only. Peak memory is of the process, so run one case at a time
(as bench-learning does) to compare it.
"""

import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "torch"))

import torch

from networks import Model, loss_terms

SCALARS = dict(rho=0.7, Q=0.5, P=0.25, drho=0.04, dQ=0.05, dP=0.03, delta_rho=0.02, delta_Q=0.03, delta_P=0.025)

# name: family, channels, blocks, sites, batch, unrolled steps (0: a rollout step)
CASES = {
    "train-cnn-16x1-L32-N1": ("cnn", 16, 1, 32, 64, 1),
    "train-cnn-16x1-L32-N8": ("cnn", 16, 1, 32, 64, 8),
    "train-parc-16x2-L16-N1": ("parc", 16, 2, 16, 64, 1),
    "train-parc-16x2-L16-N8": ("parc", 16, 2, 16, 64, 8),
    "train-parc-32x2-L16-N1": ("parc", 32, 2, 16, 64, 1),
    "train-parc-32x2-L16-N8": ("parc", 32, 2, 16, 64, 8),
    "train-parc-128x4-L32-N1": ("parc", 128, 4, 32, 4, 1),
    "train-parc-128x4-L32-N4": ("parc", 128, 4, 32, 4, 4),
    "train-parc-128x4-L32-N8": ("parc", 128, 4, 32, 4, 8),
    "train-parc-512x8-L32-N1": ("parc", 512, 8, 32, 2, 1),
    "recipe-cnn-16x1-L32-N8": ("cnn", 16, 1, 32, 64, 8),
    "rollout-cnn-16x1-L32": ("cnn", 16, 1, 32, 1, 0),
    "rollout-parc-32x2-L16": ("parc", 32, 2, 16, 1, 0),
    "rollout-parc-128x4-L32": ("parc", 128, 4, 32, 1, 0),
    "rollout-parc-512x8-L32": ("parc", 512, 8, 32, 1, 0),
}


def measure(name):
    family, channels, blocks, sites, batch, steps = CASES[name]
    torch.manual_seed(1)
    recipe = name.startswith("recipe")  # with dropout and noise
    model = Model(family, channels, blocks, 0.2 if recipe else 0.0, SCALARS)
    size = 2 * sites**2 + 2 * sites
    states = torch.rand(batch, steps + 1, size) - 0.5
    if steps == 0:
        model.eval()

        def step():
            with torch.no_grad():
                return model(states[:, 0])[0]
    else:
        rates = torch.rand(batch, steps, size) - 0.5
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=1e-5)

        def step():
            optimizer.zero_grad()
            start = states[:, 0] + 0.02 * torch.randn(batch, size) if recipe else states[:, 0]
            loss, _ = loss_terms(model, start, states[:, 1:], rates, steps)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            return loss

    step()
    times = []
    begin = time.perf_counter()
    while len(times) < 3 or (time.perf_counter() - begin < 2.0 and len(times) < 200):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    status = pathlib.Path("/proc/self/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    return {"case": name, "milliseconds": 1e3 * min(times), "peak MiB": peak}


torch.set_num_threads(2)
for name in sys.argv[1:] or CASES:
    print(json.dumps(measure(name) | {"program": f"PyTorch {torch.__version__}"}), flush=True)
