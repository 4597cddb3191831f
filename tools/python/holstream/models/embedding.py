"""How a state lies on planes: Re ρ, Im ρ, diag Q, diag P of site pairs; a plane a component on a lattice; or a number a channel."""

import math

import numpy as np


class Embedding:
    """`channels` planes of the shape `extent`; number k of the state lies at `places[k]` of them, flat, and all else is zero."""

    def __init__(self, layout):
        self.layout = layout
        sites = layout.density_matrix_sites
        if sites is not None:
            self.kind, self.extent, self.channels = "density matrix", (sites, sites), 4
            square = sites * sites
            matrix = np.stack([np.arange(square), square + np.arange(square)], axis=-1).ravel()
            diagonals = [(2 + k) * square + np.arange(sites) * (sites + 1) for k in range(2)]
            self.places = np.concatenate([matrix, *diagonals])
            self.evolves = np.ones(4, bool)
        elif _is_grid(layout):
            self.kind, self.extent = "grid", layout.extent
            sites, places, evolves = math.prod(layout.extent), [], []
            for field in layout.fields:
                components = field.count // sites
                # A field's components follow its site.
                planes = len(evolves) + np.arange(components)
                places.append((planes[None, :] * sites + np.arange(sites)[:, None]).ravel())
                evolves += [field.role == "prognostic"] * components
            self.channels, self.places, self.evolves = len(evolves), np.concatenate(places), np.array(evolves)
        else:
            self.kind, self.extent, self.channels = "vector", (), layout.count
            self.places, self.evolves = np.arange(layout.count), layout.evolves

    @property
    def plane(self):
        """Places of one plane."""
        return math.prod(self.extent)

    def planes(self, state, dtype):
        """(channels, extent...)."""
        flat = np.zeros(self.channels * self.plane, dtype)
        flat[self.places] = state
        return flat.reshape(self.channels, *self.extent)

    def vector(self, planes):
        """The numbers at the places of the state."""
        return planes.reshape(-1)[self.places]

    def surroundings(self, planes, radius):
        """(places, channels · taps) what each place and its neighbours hold, channel by channel, the last axis fastest."""
        shifted = [planes]
        for axis, length in enumerate(self.extent, start=1):
            reach = min(radius, (length - 1) // 2)
            shifted = [np.roll(x, -shift, axis=axis) for x in shifted for shift in range(-reach, reach + 1)]
        # (channels, taps, places).
        return np.stack(shifted, axis=1).reshape(self.channels * len(shifted), -1).T

    def taps(self, radius):
        return math.prod(2 * min(radius, (length - 1) // 2) + 1 for length in self.extent)

    def kinds(self):
        """Places that share their weights: (name, places, channels that are predicted there)."""
        targets = np.flatnonzero(self.evolves)
        if self.kind != "density matrix":
            return [("", np.arange(self.plane), targets)]
        is_diagonal = np.eye(self.extent[0], dtype=bool).ravel()
        # Displacements and momenta lie on the diagonal alone.
        return [("diagonal", np.flatnonzero(is_diagonal), targets), ("rest", np.flatnonzero(~is_diagonal), np.arange(2))]


def _is_grid(layout):
    extent, sites = layout.extent, math.prod(layout.extent)
    return bool(extent) and all(
        field.shape[: len(extent)] == extent or field.shape[:1] == (sites,) for field in layout.fields)
