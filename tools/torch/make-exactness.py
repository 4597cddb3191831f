#!/usr/bin/env python3
"""Writes what PyTorch computes for small networks into FOLDER (default data/learning), for the tests to agree with.

One file for each model, lattice size L and number of unrolled steps N: weights, a batch, dropout masks (taken in turn) and noise; the loss terms and
every gradient in single and in double precision (their difference is what round-off is); a rollout of two steps; the
losses of 50 optimizer steps and the weights after them.
"""

import json
import pathlib
import sys

import numpy as np
import torch

from networks import Model, loss_terms
import tensorfile

BATCH, CHANNELS, BLOCKS, DROPOUT, OPTIMIZER_STEPS, MASKS, RATE, DECAY = 2, 10, 2, 0.2, 50, 5, 1e-3, 1e-2
# Model, sites L, unrolled steps N. L = 16 and L = 6 take different paths through Holstream.
CASES = [("cnn", 6, 1), ("cnn", 6, 8), ("parc", 6, 1), ("parc", 6, 8), ("cnn", 16, 8), ("parc", 16, 1), ("parc", 16, 4)]
SCALARS = dict(rho=0.7, Q=0.5, P=0.25, drho=0.04, dQ=0.05, dP=0.03, delta_rho=0.02, delta_Q=0.03, delta_P=0.025)


def data(random, sites, steps):
    """States that move slowly, of the sizes that the scalars say."""
    size = 2 * sites**2 + 2 * sites
    scale = np.repeat([SCALARS["rho"], SCALARS["Q"], SCALARS["P"]], [2 * sites**2, sites, sites])
    move = np.repeat([SCALARS["delta_rho"], SCALARS["delta_Q"], SCALARS["delta_P"]], [2 * sites**2, sites, sites])
    rate = np.repeat([SCALARS["drho"], SCALARS["dQ"], SCALARS["dP"]], [2 * sites**2, sites, sites])
    start = random.uniform(-1, 1, (BATCH, 1, size)) * scale
    moves = random.uniform(-1, 1, (BATCH, steps, size)) * move
    states = np.concatenate([start, start + np.cumsum(moves, axis=1)], axis=1)
    return states.astype("f4"), (random.uniform(-1, 1, (BATCH, steps, size)) * rate).astype("f4")


def case(family, sites, steps, seed):
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    networks = 2 if family == "parc" else 1
    model = Model(family, CHANNELS, BLOCKS, DROPOUT, SCALARS)
    with torch.no_grad():
        for parameter in model.parameters():  # nothing stays zero or one, so that no term of a gradient vanishes
            parameter += 0.05 * torch.randn_like(parameter)
    states, rates = data(random, sites, steps)
    noise = (0.01 * random.standard_normal((BATCH, states.shape[2]))).astype("f4")
    keep = random.uniform(size=(MASKS, BATCH, steps, networks, BLOCKS, CHANNELS)) >= DROPOUT
    masks = keep.astype("f4") / np.float32(1 - DROPOUT)

    out = {f"weights.{k}": v.numpy() for k, v in model.state_dict().items()}
    out |= {"states": states, "rates": rates, "noise": noise, "masks": masks}
    initial = {k: v.clone() for k, v in model.state_dict().items()}
    for name, dtype in (("f32", torch.float32), ("f64", torch.float64)):
        model.load_state_dict(initial)
        model = model.to(dtype)
        inputs = torch.tensor(states[:, 0] + noise, dtype=dtype)
        labels, rate_labels = (torch.tensor(x, dtype=dtype) for x in (states[:, 1:], rates))
        torch_masks = torch.tensor(masks, dtype=dtype)
        optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY)
        losses = []
        for step in range(OPTIMIZER_STEPS):
            optimizer.zero_grad()
            loss, terms = loss_terms(model, inputs, labels, rate_labels, steps, torch_masks[step % MASKS])
            loss.backward()
            if step == 0:
                model.eval()  # without dropout, as in a rollout
                out[f"{name}.rollout"] = model.unroll(inputs, 2)[0].detach().numpy()
                model.train()
                out[f"{name}.terms"] = np.array([t.item() for t in terms])
                out |= {f"{name}.gradient.{k}": p.grad.numpy().copy() for k, p in model.named_parameters()}
            losses.append(loss.item())
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        out[f"{name}.losses"] = np.array(losses)
        out |= {f"{name}.trained.{k}": p.detach().numpy().copy() for k, p in model.named_parameters()}
    keywords = dict(
        channels=CHANNELS, n_blocks=BLOCKS, dropout_p=DROPOUT, data_scalars=SCALARS, simple_cnn=family == "cnn")
    metadata = {
        "model_kwargs": json.dumps(keywords), "torch": torch.__version__, "sites": str(sites), "batch": str(BATCH),
        "steps": str(steps), "rate": str(RATE), "decay": str(DECAY)}
    return out, metadata


folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2] / "data" / "learning"
folder.mkdir(parents=True, exist_ok=True)
torch.set_num_threads(1)
for family, sites, steps in CASES:
    path = folder / f"torch-{family}-L{sites}-N{steps}.safetensors"
    tensorfile.write(path, *case(family, sites, steps, seed=7 + sites + steps))
    print(path, path.stat().st_size, "bytes")
