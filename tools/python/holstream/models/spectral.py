"""Fourier neural operators of fields on a ring."""

import numpy as np

from .._errors import HolstreamError
from ._layers import dense, gelu, integrate
from .embedding import Embedding


class FourierOperator:
    """v_0 = P u / s, v_{l+1} = gelu(K_l v_l + W_l v_l + b_l), change = s_Δ Q(v_L), K_l a matrix for each of the lowest Fourier
    modes (arXiv 2010.08895); the last K_l is followed by no function."""

    families = ("fno",)
    settings = {"width", "layers", "modes", "projection", "zeroInitialisedOutput"}
    constraints = {None, "flux"}
    targets = {"state", "tendency"}

    def __init__(self, configuration, layout, scales, tensors):
        if layout is None or len(layout.extent) != 1:
            raise HolstreamError("an fno is for fields on a ring, and the checkpoint does not say that its states are such")
        self._layout, self._learns = layout, configuration.get("learns", "state")
        self._keeps_sums = configuration.get("constraint") == "flux"
        self._embedding = Embedding(layout)
        width, planes, modes = configuration["width"], self._embedding.channels, configuration["modes"]

        def layer(name, inputs, outputs):
            return tensors.take(f"{name}.weight", inputs, outputs).T, tensors.take(f"{name}.bias", outputs)

        self._lifting = layer("lifting", planes, width)
        self._layers = []
        for k in range(configuration["layers"]):
            mixing = tensors.take(f"layers.{k}.modes", modes, 2, width, width)
            self._layers.append((mixing[:, 0] + 1j * mixing[:, 1], layer(f"layers.{k}", width, width)))
        self._projection = [
            layer("projection.0", width, configuration["projection"]), layer("projection.1", configuration["projection"], planes)]
        tensors.finish()
        self._inputs = 1 / layout.spread([scales[name][0] for name in layout.names])
        self._outputs = layout.spread([scales[name][2] for name in layout.names]) * layout.evolves

    def stepper(self, layout):
        if layout != self._layout:
            raise HolstreamError("the fno was made for other fields, or for another ring, whose wavelengths are its own")

        def change(state):
            v = dense(self._embedding.planes(state * self._inputs, np.float32), *self._lifting)
            for k, (mixing, pointwise) in enumerate(self._layers):
                v = self._mix(v, mixing) + dense(v, *pointwise)
                v = gelu(v) if k < len(self._layers) - 1 else v
            out = dense(gelu(dense(v, *self._projection[0])), *self._projection[1])
            if self._keeps_sums:
                out = out - out.mean(axis=1, keepdims=True)
            return self._embedding.vector(out) * self._outputs

        return integrate(change, self._learns, layout.evolves)

    @staticmethod
    def _mix(v, mixing):
        """The lowest modes of v (channels, sites), each through its matrix (modes, inputs, outputs)."""
        modes, sites = mixing.shape[0], v.shape[1]
        spectrum = np.zeros((mixing.shape[2], sites // 2 + 1), complex)
        spectrum[:, :modes] = np.einsum("im,mio->om", np.fft.rfft(v)[:, :modes], mixing)
        return np.fft.irfft(spectrum, n=sites).astype(np.float32)
