"""The residual convolutional network of fields on a ring or a square lattice, a plane a component."""

import math

import numpy as np

from .._errors import HolstreamError
from ._layers import ResidualTrunk, integrate


class GridNetwork:
    settings = {"channels", "blocks", "dropout", "zeroInitialisedOutput"}
    constraints = {None, "flux"}
    targets = {"state", "tendency"}

    def __init__(self, configuration, layout, scales, tensors):
        self._layout, self._scales = layout, scales
        self._learns = configuration.get("learns", "state")
        self._is_flux = configuration.get("constraint") == "flux"
        channels, rank = configuration["channels"], len(layout.extent)
        planes = layout.count // math.prod(layout.extent)
        taps = [3] * rank

        def convolution(name, inputs):
            # (3..., I, O) to (3..., O, I).
            weight = tensors.take(f"{name}.weight", *taps, inputs, channels)
            return np.ascontiguousarray(np.swapaxes(weight, -1, -2)), tensors.take(f"{name}.bias", channels)

        def norm(name):
            return tuple(tensors.take(f"{name}.{part}", channels) for part in ("weight", "bias"))

        first = convolution("input", planes)
        middle = []
        for k in range(configuration["blocks"]):
            name = f"blocks.{k}"
            middle.append(
                (convolution(f"{name}.convolution1", channels), convolution(f"{name}.convolution2", channels),
                 norm(f"{name}.normalisation1"), norm(f"{name}.normalisation2")))
        outputs = planes * (rank if self._is_flux else 1)
        last = (
            np.ascontiguousarray(tensors.take("output.weight", channels, outputs).T), tensors.take("output.bias", outputs))
        tensors.finish()
        self._trunk = ResidualTrunk(first, middle, last)

    def stepper(self, layout):
        own = self._layout
        if layout.names != own.names or len(layout.extent) != len(own.extent):
            raise HolstreamError(f"the network was made for the fields {', '.join(own.names)}")
        sites = math.prod(layout.extent)
        inputs = 1 / layout.spread([self._scales[name][0] for name in layout.names])
        outputs = layout.spread([self._scales[name][2] for name in layout.names]) * layout.evolves

        def planes(state):
            # A field's components follow its site.
            parts = [state[place].reshape(sites, -1).T for _, place in layout.slices()]
            return np.concatenate(parts).reshape(-1, *layout.extent)

        def vector(planes):
            flat, parts, start = planes.reshape(-1, sites), [], 0
            for field in layout.fields:
                components = field.count // sites
                parts.append(flat[start : start + components].T.ravel())
                start += components
            return np.concatenate(parts)

        def change(state):
            out = self._trunk(planes(state * inputs))
            if self._is_flux:
                fluxes = out.reshape(len(layout.extent), -1, *layout.extent)
                # What flows into each site less what flows out of it.
                out = sum(np.roll(flux, 1, axis=axis + 1) - flux for axis, flux in enumerate(fluxes))
            return vector(out) * outputs

        return integrate(change, self._learns, layout.evolves)
