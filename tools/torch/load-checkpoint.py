#!/usr/bin/env python3
"""Loads a Holstream checkpoint into the PyTorch model, strictly by name, and rolls it out.

Usage: load-checkpoint.py CHECKPOINT STATE OUT: STATE and OUT are safetensors files; STATE holds `state` (B, S), OUT gets
`state`, one step later.
"""

import json
import sys

import numpy as np
import torch

from networks import Model
import tensorfile

arrays, metadata = tensorfile.read(sys.argv[1])
keywords = json.loads(metadata["model_kwargs"])
model = Model(
    "cnn" if keywords["simple_cnn"] else "parc", keywords["channels"], keywords["n_blocks"], keywords["dropout_p"],
    keywords["data_scalars"])
weights = {k: torch.tensor(np.array(v)) for k, v in arrays.items() if not k.startswith("optimizer.")}
model.load_state_dict(weights, strict=True)
model.eval()
state = torch.tensor(np.array(tensorfile.read(sys.argv[2])[0]["state"]))
with torch.no_grad():
    tensorfile.write(sys.argv[3], {"state": model(state)[0].numpy()}, {})
print("loaded", len(weights), "tensors with PyTorch", torch.__version__)
