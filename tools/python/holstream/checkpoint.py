"""Checkpoints as models that roll out, with the numbers of `holstream predict`."""

import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from . import _safetensors
from ._errors import HolstreamError
from .layout import Field, Layout
from .models import baseline, network

_METADATA = {
    "holstream.model", "holstream.layout", "holstream.system", "holstream.arithmetic", "holstream.training",
    "holstream.anomaly", "holstream.family", "holstream.scalars", "model_kwargs", "format", "source",
}
_COMMON = {"family", "scalars", "constraint", "learns", "interval"}
_PUBLISHED = {
    "channels", "n_blocks", "dropout_p", "kernel_size", "use_residual_scalar", "act_func", "init_method",
    "zero_initialize_output", "dtype", "use_layernorm", "data_scalars", "simple_cnn", "constraint",
}


class Checkpoint:
    """A trained model.

    - `layout`: the states that it was trained on; None for published checkpoints, which do not say it.
    - `system`: attributes of the system that it was trained on, or None.
    - `configuration`: everything that determines the model apart from its weights.
    - `interval`: time between two frames, where the file says it.
    """

    def __init__(self, path):
        self.path = str(path)
        tensors, metadata = _safetensors.read(path)
        for key in sorted(metadata):
            if key not in _METADATA and not key.startswith("note."):
                raise HolstreamError(
                    f"{path}: metadata entry {key} is unknown here; a newer version wrote it, or it is no checkpoint")
        self.layout = Layout.read(json.loads(metadata["holstream.layout"])) if "holstream.layout" in metadata else None
        self.system = json.loads(metadata["holstream.system"]) if "holstream.system" in metadata else None
        self.parameters = {
            name: values for name, values in tensors.items() if not name.startswith(("optimizer.", "batch."))}
        if "holstream.family" in metadata:
            self._fitted(metadata)
            return
        for key in ("holstream.family", "holstream.scalars"):
            if key in metadata:
                raise HolstreamError(f"{path}: metadata entry {key} has no place in a checkpoint of this kind")
        if "holstream.model" in metadata:
            self.configuration = json.loads(metadata["holstream.model"])
        elif "model_kwargs" in metadata:
            self.configuration = _published(json.loads(metadata["model_kwargs"]), path)
        else:
            raise HolstreamError(
                f"{path}: it has neither the metadata entry holstream.model nor model_kwargs, so its model is unknown")
        self.interval = self.configuration.get("interval") or (self.system or {}).get("frame_interval")
        settings = {key: value for key, value in self.configuration.items() if key not in _COMMON}
        names = self.layout.names if self.layout else ["rho", "Q", "P"]
        self._scales = _scales(self.configuration["scalars"], names, path)
        self._network = network(self.configuration, settings, self.layout, self._scales, self.parameters, str(path))

    def _fitted(self, metadata):
        """A baseline, which says no more of itself than its family, its scales and its states."""
        family = metadata["holstream.family"]
        self.configuration, self.interval = {"family": family}, (self.system or {}).get("frame_interval")
        self._scales = None
        if "holstream.scalars" in metadata:
            names = self.layout.names if self.layout else ["rho", "Q", "P"]
            self._scales = _scales(json.loads(metadata["holstream.scalars"]), names, self.path)
        self._network = baseline(family, self.layout, self._scales, self.parameters, self.path)

    @property
    def memory(self):
        """Frames before the start that a rollout depends on; 0 for most families."""
        return getattr(self._network, "memory", 0)

    def __repr__(self):
        count = sum(values.size for values in self.parameters.values())
        return f"<{self.configuration['family']}, {count} numbers, {self.path}>"

    def layout_of(self, shapes):
        """The layout of a state whose fields have these shapes, by name: lattices may be larger or smaller."""
        if self.layout is None and self.configuration["family"] == "persistence":
            return Layout(tuple(Field(name, tuple(shape)) for name, shape in shapes.items()))
        if self.layout is None:
            return Layout.density_matrix(shapes["Q"][0])
        missing = [name for name in self.layout.names if name not in shapes]
        if missing:
            raise HolstreamError(f"the state lacks {', '.join(missing)}; the model was trained on {self.layout.names}")
        return self.layout.resized(shapes)

    def rollout(self, state, steps, before=None):
        """The start and the `steps` states predicted after it, an interval apart.

        `state` is an xarray.Dataset of one instant (then a Dataset over `time` comes back), a mapping from field names to
        arrays (then a dict of arrays with a first axis of steps + 1), or the flat vector (then an array (steps + 1, S)).
        Single precision, as in the program.

        `before` holds the frames before the start, of the same kind with a first axis of time: of them a model with memory
        sees the last `memory`, as in `holstream predict --frame`. Without it a rollout begins as at the first frame.
        """
        if steps < 0:
            raise HolstreamError(f"steps must be at least 0, got {steps}")
        if hasattr(state, "data_vars"):
            return self._rollout_dataset(state, steps, before)
        if isinstance(state, Mapping):
            layout, vector = self._packed(state)
            earlier = [] if before is None else [
                layout.pack({name: before[name][k] for name in layout.names}) for k in range(len(before[layout.names[0]]))]
            return layout.unpack(self._run(layout, vector, steps, earlier))
        layout, vector = self._flat(state)
        return self._run(layout, vector, steps, [] if before is None else np.asarray(before, np.float32))

    def tendency(self, state):
        """Of a force field dQ/dt and dP/dt, the force, at half filling, as `holstream tendency` gives it: of a mapping a dict of
        arrays, of a flat vector a flat vector."""
        if not hasattr(self._network, "tendency"):
            raise HolstreamError(f"a model of the family {self.configuration['family']} predicts states, and no tendency")
        if isinstance(state, Mapping):
            layout, vector = self._packed(state)
            return layout.unpack(self._network.tendency(layout, vector))
        return self._network.tendency(*self._flat(state))

    def _packed(self, state):
        layout = self.layout_of({name: np.shape(values) for name, values in state.items()})
        if layout is not self.layout and self.configuration["family"] == "persistence":
            layout = replace(layout, fields=tuple(replace(f, is_complex=np.iscomplexobj(state[f.name])) for f in layout.fields))
        return layout, layout.pack(state)

    def _flat(self, state):
        vector = np.asarray(state, np.float32)
        if self.layout is None and self.configuration["family"] == "persistence":
            return Layout((Field("x", vector.shape),)), vector
        layout = self.layout or Layout.density_matrix(round((np.sqrt(4 + 8 * vector.size) - 2) / 4))
        if vector.shape != (layout.count,):
            raise HolstreamError(f"a state has {layout.count} numbers, got an array of the shape {vector.shape}")
        return layout, vector

    def _rollout_dataset(self, state, steps, before):
        import xarray

        fields = self.layout.names if self.layout else ["rho", "Q", "P"]
        if self.layout is None and self.configuration["family"] == "persistence":
            fields = [name for name in state.data_vars if name not in ("time", "length")]
        missing = [name for name in fields if name not in state]
        if missing:
            raise HolstreamError(f"the data set lacks {', '.join(missing)}")
        for name in ("trajectory", "time"):
            if name in state[fields[0]].dims:
                raise HolstreamError(f"a rollout starts from one state: choose one {name} with .isel({name}=…)")
        earlier = None
        if before is not None:
            if "time" not in before[fields[0]].dims:
                raise HolstreamError("the frames before the start need the dimension time: .isel(time=slice(…))")
            earlier = {name: before[name].transpose("time", ...).values for name in fields}
        arrays = self.rollout({name: state[name].values for name in fields}, steps, earlier)
        variables = {
            name: (("time", *state[name].dims), values, state[name].attrs) for name, values in arrays.items()}
        interval = self.interval
        time = np.arange(steps + 1) * (interval or 1)
        attributes = {"long_name": "time since the start" if interval else "frames since the start"}
        return xarray.Dataset(variables, coords={"time": ("time", time, attributes)}, attrs={"predicted_by": self.path})

    def _run(self, layout, vector, steps, earlier):
        advance = self._network.stepper(layout)
        for state in earlier[max(0, len(earlier) - self.memory) :]:
            if np.shape(state) != vector.shape:
                raise HolstreamError(f"a state has {vector.size} numbers, those before it {np.shape(state)}")
            # What it says of the next one is left alone; what it remembers counts.
            advance(state)
        states = np.empty((steps + 1, vector.size), np.float32)
        states[0] = vector
        for step in range(steps):
            states[step + 1] = advance(states[step])
        return states


def load(path):
    """The model of a checkpoint. Raises HolstreamError for anything in the file that is not understood."""
    return Checkpoint(path)


def _published(keywords, path):
    unknown = sorted(set(keywords) - _PUBLISHED)
    if unknown:
        raise HolstreamError(f"{path}: model_kwargs has {unknown[0]!r}, which is unknown here")
    if (
        keywords.get("kernel_size", 3) != 3 or keywords.get("use_residual_scalar") or not keywords.get("use_layernorm", True)
        or keywords.get("act_func", "Tanh").lower() != "tanh" or keywords.get("dtype", "torch.float32") != "torch.float32"
    ):
        raise HolstreamError(
            f"{path}: model_kwargs asks for a network other than 3 × 3 kernels, LayerNorm, tanh, single precision and no residual scalar")
    ones = {prefix + name: 1.0 for prefix in ("", "d", "delta_") for name in ("rho", "Q", "P")}
    return {
        "family": "cnn" if keywords.get("simple_cnn") else "parc", "channels": keywords["channels"],
        "blocks": keywords["n_blocks"], "dropout": keywords["dropout_p"],
        "zeroInitialisedOutput": keywords.get("zero_initialize_output", True),
        "scalars": keywords.get("data_scalars") or ones, "constraint": keywords.get("constraint"),
    }


def _scales(record, names, path):
    """(state, tendency, increment) a field."""
    nested = all(isinstance(value, dict) for value in record.values())
    scales = {}
    for name in names:
        try:
            if nested:
                entry = record[name]
                scales[name] = (entry["state"], entry["tendency"], entry["increment"])
            else:
                scales[name] = (record[name], record["d" + name], record["delta_" + name])
        except KeyError as error:
            raise HolstreamError(f"{path}: there is no scale {error} of the field {name}") from error
    expected = len(names) * (1 if nested else 3)
    if len(record) != expected:
        raise HolstreamError(f"{path}: the scales are of other fields than {', '.join(names)}: {sorted(record)}")
    return scales
