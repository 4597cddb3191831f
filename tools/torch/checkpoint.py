"""Reads a Holstream or a published checkpoint into the PyTorch model of networks.py.

Everything that the file says of its model is done, or the file is refused: an entry, a key or a tensor that is not known
here is named, because a model that is only half understood gives wrong numbers without a word. The readers of Holstream
itself have the same rule.
"""

import json

import numpy as np
import torch

from networks import COMPONENTS, Model
import tensorfile

# Entries of the metadata. What stands behind the names of the second line does not change what a model predicts.
MODEL_ENTRIES = {"holstream.model", "holstream.layout", "model_kwargs"}
OTHER_ENTRIES = {"holstream.system", "holstream.arithmetic", "holstream.training", "holstream.anomaly", "format", "source"}
MODEL_KEYS = {
    "family", "channels", "blocks", "dropout", "zeroInitialisedOutput", "scalars", "constraint", "learns", "interval"}
KEYWORDS = {
    "channels", "n_blocks", "dropout_p", "kernel_size", "use_residual_scalar", "act_func", "init_method",
    "zero_initialize_output", "dtype", "use_layernorm", "data_scalars", "simple_cnn", "constraint"}
LAYOUT_KEYS = {"fields", "domain"}
FIELD_KEYS = {"name", "shape", "isComplex", "axes", "unit", "symbol", "role"}
SCALES = {prefix + name for prefix in ("", "d", "delta_") for name in COMPONENTS}


class Refused(Exception):
    """What the file holds that this program does not do."""


def refuse_unknown(what, keys, known):
    unknown = sorted(set(keys) - known)
    if unknown:
        raise Refused(f"{what} “{unknown[0]}” is unknown here; was the file written by a later version?")


def entry(metadata, name):
    try:
        return json.loads(metadata[name]) if name in metadata else None
    except json.JSONDecodeError as error:
        raise Refused(f"the metadata entry {name} is no JSON: {error}") from None


def from_keywords(keywords):
    """`model_kwargs`, as the published program writes them, in the words of `holstream.model`."""
    refuse_unknown("the key of model_kwargs", keywords, KEYWORDS)
    expected = {
        "kernel_size": [3], "use_residual_scalar": [False], "act_func": ["Tanh", "tanh"], "use_layernorm": [True],
        "dtype": ["torch.float32"]}
    for key, values in expected.items():
        if keywords.get(key, values[0]) not in values:
            raise Refused(f"model_kwargs asks for {key} = {keywords[key]}; these networks have {values[0]}")
    return {
        "family": "cnn" if keywords.get("simple_cnn") else "parc", "channels": keywords["channels"],
        "blocks": keywords["n_blocks"], "dropout": keywords["dropout_p"],
        "scalars": keywords.get("data_scalars", {name: 1.0 for name in SCALES}), "constraint": keywords.get("constraint")}


def configuration(metadata):
    """What the file says of its model."""
    refuse_unknown(
        "the metadata entry", (name for name in metadata if not name.startswith("note.")), MODEL_ENTRIES | OTHER_ENTRIES)
    model, keywords = entry(metadata, "holstream.model"), entry(metadata, "model_kwargs")
    if model is None and keywords is None:
        raise Refused("it has neither holstream.model nor model_kwargs, so its model is unknown")
    if model is None:
        return from_keywords(keywords)
    # The family first: the keys of one that is not here are not known either.
    if model.get("family") not in ("cnn", "parc"):
        raise Refused(f"the family “{model.get('family')}” is not one of these networks, which are cnn and parc")
    refuse_unknown("the key of holstream.model", model, MODEL_KEYS)
    if model.get("learns", "state") != "state":
        raise Refused(f"it learns the {model['learns']}, and would have to be integrated")
    return model


def check_layout(metadata):
    """States must be a density matrix with its displacements and momenta; the order is that of the vector."""
    layout = entry(metadata, "holstream.layout")
    if layout is None:
        return None
    refuse_unknown("the key of holstream.layout", layout, LAYOUT_KEYS)
    for field in layout["fields"]:
        refuse_unknown("the key of a field", field, FIELD_KEYS)
    names = [field["name"] for field in layout["fields"]]
    sites = (layout.get("domain") or {}).get("ring", {}).get("_0")
    shapes = [[sites, sites], [sites], [sites]]
    if names != list(COMPONENTS) or sites is None or [field["shape"] for field in layout["fields"]] != shapes:
        raise Refused(f"its states are {names}, and not the density matrix of a ring with {', '.join(COMPONENTS[1:])}")
    if [field.get("isComplex", False) for field in layout["fields"]] != [True, False, False]:
        raise Refused("of its fields others than the density matrix are complex")
    if any(field.get("role", "prognostic") != "prognostic" for field in layout["fields"]):
        raise Refused("it has a field that does not evolve")
    return sites


def load(path):
    """The model, ready to roll out, and the number of sites where the file says it."""
    arrays, metadata = tensorfile.read(path)
    settings = configuration(metadata)
    sites = check_layout(metadata)
    if settings.get("constraint") not in (None, "projection", "spectrum"):
        raise Refused(f"the constraint “{settings['constraint']}” is unknown here")
    scales = settings.get("scalars") or {name: 1.0 for name in SCALES}
    refuse_unknown("the scale", scales, SCALES)
    if set(scales) != SCALES:
        raise Refused(f"there is no scale {min(SCALES - set(scales))}")
    model = Model(
        settings["family"], settings["channels"], settings["blocks"], settings["dropout"], scales,
        constraint=settings.get("constraint"))
    beside = ("optimizer.first.", "optimizer.second.", "optimizer.trained.") + (("batch.",) if "holstream.anomaly" in metadata else ())
    weights = {name: torch.tensor(np.array(data)) for name, data in arrays.items() if not name.startswith(beside)}
    own = model.state_dict()
    refuse_unknown("the tensor", weights, set(own))
    missing = sorted(set(own) - set(weights))
    if missing:
        raise Refused(f"the tensor {missing[0]} is missing")
    for name, scale in model.scales().items():
        if not torch.allclose(weights[name], scale, rtol=1e-6, atol=0):
            raise Refused(f"the tensor {name} is {weights[name].item()}, where its scales say {scale.item()}")
    model.load_state_dict(weights, strict=True)
    model.eval()
    return model, sites
