"""Graph networks of the sites of a ring or a square lattice and their nearest neighbours."""

import numpy as np

from .._errors import HolstreamError
from ._layers import ACTIVATIONS, dense, integrate
from .embedding import Embedding


def neighbour_mean(x):
    """The mean over the nearest neighbours of each site; x (channels, extent...)."""
    axes = range(1, x.ndim)
    return np.float32(0.5 / len(axes)) * sum(np.roll(x, shift, axis=axis) for axis in axes for shift in (1, -1))


class GraphLayers:
    """x' = σ(W_s x + W_n mean x + b) layer by layer, and nothing after the last."""

    def __init__(self, tensors, widths, activation, has_bias=True):
        self._activation = ACTIVATIONS[activation]
        self._layers = [
            (tensors.take(f"layers.{k}.own.weight", *size).T, tensors.take(f"layers.{k}.neighbours.weight", *size).T,
             tensors.take(f"layers.{k}.bias", size[1]) if has_bias else np.zeros(size[1], np.float32))
            for k, size in enumerate(zip(widths, widths[1:]))]

    def __call__(self, x):
        for k, (own, neighbours, bias) in enumerate(self._layers):
            x = self._activation(x) if k else x
            x = dense(x, own, bias) + np.tensordot(neighbours, neighbour_mean(x), axes=1)
        return x


class GraphNetwork:
    families = ("gnn",)
    settings = {"widths", "activation", "zeroInitialisedOutput"}
    constraints = {None}
    targets = {"state", "tendency"}

    def __init__(self, configuration, layout, scales, tensors):
        if layout is None or Embedding(layout).kind != "grid":
            raise HolstreamError("a gnn is for fields on a ring or a square, and the checkpoint does not say that its states are such")
        if configuration["activation"] not in ("gelu", "tanh", "relu"):
            raise HolstreamError(f"the activation {configuration['activation']!r} is unknown here")
        self._layout, self._scales, self._learns = layout, scales, configuration.get("learns", "state")
        planes = Embedding(layout).channels
        self._network = GraphLayers(tensors, [planes, *configuration["widths"], planes], configuration["activation"])
        tensors.finish()

    def stepper(self, layout):
        embedding, own = Embedding(layout), Embedding(self._layout)
        if (
            [(f.name, f.role) for f in layout.fields] != [(f.name, f.role) for f in self._layout.fields]
            or embedding.kind != "grid" or embedding.channels != own.channels or len(embedding.extent) != len(own.extent)
        ):
            raise HolstreamError(f"the network was made for the fields {', '.join(self._layout.names)} on such a lattice")
        inputs = 1 / layout.spread([self._scales[name][0] for name in layout.names])
        outputs = layout.spread([self._scales[name][2] for name in layout.names]) * layout.evolves

        def change(state):
            return embedding.vector(self._network(embedding.planes(state * inputs, np.float32))) * outputs

        return integrate(change, self._learns, layout.evolves)
