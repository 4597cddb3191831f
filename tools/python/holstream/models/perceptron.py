"""Multilayer perceptrons of a state's numbers."""

import numpy as np

from .._errors import HolstreamError
from ._layers import ACTIVATIONS, integrate


class Perceptron:
    families = ("mlp", "neural-ode")
    settings = {"width", "layers", "activation", "zeroInitialisedOutput"}
    constraints = {None}
    targets = {"state", "tendency"}

    def __init__(self, configuration, layout, scales, tensors):
        if layout is None:
            raise HolstreamError(f"the checkpoint of the {configuration['family']} does not say what its states consist of")
        if configuration["family"] == "neural-ode" and configuration.get("learns") != "tendency":
            raise HolstreamError("a neural-ode learns the tendency, and this checkpoint says another")
        if configuration["activation"] not in ("gelu", "tanh", "relu"):
            raise HolstreamError(f"the activation {configuration['activation']!r} is unknown here")
        self._layout, self._learns = layout, configuration.get("learns", "state")
        self._activation = ACTIVATIONS[configuration["activation"]]
        sizes = [layout.count] + [configuration["width"]] * (configuration["layers"] - 1) + [layout.count]
        self._layers = [
            (tensors.take(f"layers.{k}.weight", *size), tensors.take(f"layers.{k}.bias", size[1]))
            for k, size in enumerate(zip(sizes, sizes[1:]))]
        tensors.finish()
        self._inputs = 1 / layout.spread([scales[name][0] for name in layout.names])
        self._outputs = layout.spread([scales[name][2] for name in layout.names]) * layout.evolves

    def stepper(self, layout):
        if layout.fields != self._layout.fields:
            raise HolstreamError("the mlp was made for other fields, or for fields of other shapes")

        def change(state):
            x = state * self._inputs
            for k, (weight, bias) in enumerate(self._layers):
                x = (self._activation(x) if k else x) @ weight + bias
            return x * self._outputs

        return integrate(change, self._learns, layout.evolves)
