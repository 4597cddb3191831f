#!/usr/bin/env python3
"""Loads a checkpoint of Holstream, or a published one, into the PyTorch model and rolls it out.

    load-checkpoint.py CHECKPOINT                        says what it holds
    load-checkpoint.py CHECKPOINT STATE OUT --steps 300  writes a rollout

STATE and OUT are safetensors files. STATE holds `state` (B, S): of each state rho (L, L, 2), Q (L), P (L). OUT gets
`state` (B, S), the last one, and `states` (B, N, S), all of them. A checkpoint that says anything which is not done here
is refused, and what it is is named.
"""

import argparse
import sys

import numpy as np
import torch

import checkpoint
import tensorfile

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("checkpoint")
parser.add_argument("state", nargs="?")
parser.add_argument("out", nargs="?")
parser.add_argument("--steps", type=int, default=1)
arguments = parser.parse_args()
if (arguments.state is None) != (arguments.out is None):
    parser.error("STATE needs OUT, where the rollout is written")
if arguments.steps < 1:
    parser.error(f"--steps must be at least 1, got {arguments.steps}")
try:
    model, sites = checkpoint.load(arguments.checkpoint)
except (checkpoint.Refused, OSError, KeyError, ValueError) as error:
    what = f"the key {error} is missing" if isinstance(error, KeyError) else error
    sys.exit(f"{arguments.checkpoint}: {what}")
count = sum(parameter.numel() for parameter in model.parameters())
print(
    f"{model.family} of {count} parameters" + (f" for {sites} sites" if sites else "")
    + (", projected" if model.constraint else "") + (", its spectrum kept" if model.constraint == "spectrum" else "") + f", in PyTorch {torch.__version__}")
if arguments.state is None:
    sys.exit()
state = torch.tensor(np.array(tensorfile.read(arguments.state)[0]["state"]))
sizes = {2 * n * n + 2 * n for n in ([sites] if sites else range(2, 4096, 2))}
if state.dim() != 2 or state.shape[1] not in sizes:
    sys.exit(f"{arguments.state}: `state` is {list(state.shape)}, and not (B, 2 L² + 2 L)" + (f" for L = {sites}" if sites else ""))
with torch.no_grad():
    states = model.unroll(state, arguments.steps)[0]
tensorfile.write(arguments.out, {"state": states[:, -1].numpy(), "states": states.numpy()}, {})
