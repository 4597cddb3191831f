"""Piecewise linear recurrent networks of small states."""

import numpy as np

from .._errors import HolstreamError


class PiecewiseLinear:
    """x = u / s. The shallow network: x' = A x + W1 [relu(W2 x + h2) - relu(W2 x)] + h1 (arXiv 2306.04406); the almost
    linear one, with more units than numbers: z' = A z + W phi(z) + h, phi = relu on the last units (arXiv 2410.14240)."""

    families = ("shplrnn", "al-rnn")
    settings = {"hidden", "adaptive", "latent", "rectified", "forcingInterval", "regularisation"}
    constraints = {None}
    targets = {"state"}
    memory = 0

    def __init__(self, configuration, layout, scales, tensors):
        family = configuration["family"]
        if layout is None:
            raise HolstreamError(f"the checkpoint of the {family} does not say what its states consist of")
        self._layout, count = layout, layout.count
        self._is_shallow = family == "shplrnn"
        if self._is_shallow:
            width = configuration["hidden"]
            self._diagonal = tensors.take("A", count)
            self._h1, self._h2 = tensors.take("h1", count), tensors.take("h2", width)
            self._w1, self._w2 = tensors.take("W1", count, width), tensors.take("W2.transposed", count, width)
            tensors.take("forcing", 1)
        else:
            latent = configuration["latent"]
            self._rectified = configuration["rectified"]
            self.memory = min(64, 2 * configuration["forcingInterval"])
            self._diagonal, self._h = tensors.take("A", latent), tensors.take("h", latent)
            self._w = tensors.take("W.transposed", latent, latent)
            self._first = tensors.take("initial.weight", latent - count, count)
            self._first_bias = tensors.take("initial.bias", latent - count)
        tensors.finish()
        self._scale = layout.spread([scales[name][0] for name in layout.names])

    def stepper(self, layout):
        if layout.fields != self._layout.fields:
            raise HolstreamError("the network was made for other fields, or for fields of other shapes")
        if self._is_shallow:
            return self._shallow
        hidden = None

        def advance(state):
            # The units that are not observed remember.
            nonlocal hidden
            x = state / self._scale
            z = np.concatenate([x, self._first @ x + self._first_bias if hidden is None else hidden])
            active = z.copy()
            if self._rectified:
                active[-self._rectified :] = np.maximum(active[-self._rectified :], 0)
            after = self._diagonal * z + active @ self._w + self._h
            hidden = after[state.size :]
            return after[: state.size] * self._scale

        return advance

    def _shallow(self, state):
        x = state / self._scale
        inner = x @ self._w2
        bent = np.maximum(inner + self._h2, 0) - np.maximum(inner, 0)
        return (self._diagonal * x + self._w1 @ bent + self._h1) * self._scale
