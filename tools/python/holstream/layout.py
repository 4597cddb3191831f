"""What a state consists of: its fields, one behind the other in one flat vector of real numbers."""

import math
from dataclasses import dataclass, replace

import numpy as np

from ._errors import HolstreamError


@dataclass(frozen=True)
class Field:
    """One quantity: `shape` of one state's values; complex numbers count two reals, interleaved."""

    name: str
    shape: tuple = ()
    is_complex: bool = False
    axes: tuple = ()
    unit: str = ""
    symbol: str = ""
    role: str = "prognostic"

    @property
    def count(self):
        """Real numbers of one state."""
        return math.prod(self.shape) * (2 if self.is_complex else 1)


@dataclass(frozen=True)
class Layout:
    """Fields in order, and `extent`: () for a plain vector, (sites,) of a ring, (rows, columns) of a square lattice."""

    fields: tuple
    extent: tuple = ()

    @staticmethod
    def read(record):
        """From the JSON in a store's attribute `layout` or a checkpoint's `holstream.layout`."""
        _only(record, {"fields", "domain"}, "the layout")
        known = {"name", "shape", "isComplex", "axes", "unit", "symbol", "role"}
        fields = []
        for entry in record["fields"]:
            _only(entry, known, "a field of the layout")
            fields.append(
                Field(
                    entry["name"], tuple(entry["shape"]), entry["isComplex"], tuple(entry["axes"]), entry["unit"],
                    entry["symbol"], entry["role"]))
        ((kind, numbers),) = record["domain"].items()
        if kind not in ("none", "ring", "square"):
            raise HolstreamError(f"the layout's domain is {kind}, which is unknown here")
        return Layout(tuple(fields), tuple(numbers[key] for key in sorted(numbers)))

    @staticmethod
    def density_matrix(sites):
        """rho (L, L) complex, Q and P (L), on a ring of L sites: what published checkpoints are for."""
        return Layout((Field("rho", (sites, sites), True), Field("Q", (sites,)), Field("P", (sites,))), (sites,))

    @property
    def count(self):
        return sum(field.count for field in self.fields)

    @property
    def names(self):
        return [field.name for field in self.fields]

    @property
    def evolves(self):
        """(count) whether a number is predicted; parameters and forcings are given."""
        return np.concatenate([np.full(field.count, field.role == "prognostic") for field in self.fields])

    @property
    def density_matrix_sites(self):
        """L where the state is a density matrix on a ring of L sites with two vectors; None for others."""
        if len(self.extent) != 1 or len(self.fields) != 3:
            return None
        sites = self.extent[0]
        shapes = [(field.shape, field.is_complex, field.role) for field in self.fields]
        wanted = [((sites, sites), True), ((sites,), False), ((sites,), False)]
        return sites if shapes == [(*entry, "prognostic") for entry in wanted] else None

    def slices(self):
        """(field, its place in the vector), in order."""
        start = 0
        for field in self.fields:
            yield field, slice(start, start + field.count)
            start += field.count

    def spread(self, numbers):
        """(count) one number a field, repeated."""
        return np.concatenate(
            [np.full(field.count, number, np.float32) for field, number in zip(self.fields, numbers)])

    def pack(self, values):
        """The flat vector (count) of float32 of a mapping from field names to arrays."""
        missing = [name for name in self.names if name not in values]
        if missing:
            raise HolstreamError(
                f"the state lacks {', '.join(missing)}; the model was trained on {', '.join(self.names)}")
        parts = []
        for field in self.fields:
            array = np.asarray(values[field.name])
            if array.shape != field.shape:
                raise HolstreamError(f"{field.name} has the shape {array.shape} in place of {field.shape}")
            if field.is_complex:
                array = np.stack([array.real, array.imag], axis=-1)
            elif np.iscomplexobj(array):
                raise HolstreamError(f"{field.name} is complex, and the model was trained on real numbers")
            parts.append(np.asarray(array, np.float32).ravel())
        return np.concatenate(parts)

    def unpack(self, vectors):
        """Arrays by field name, of vectors (..., count)."""
        arrays = {}
        for field, place in self.slices():
            part = vectors[..., place]
            if field.is_complex:
                part = part[..., 0::2] + 1j * part[..., 1::2]
            arrays[field.name] = part.reshape(*vectors.shape[:-1], *field.shape)
        return arrays

    def resized(self, shapes):
        """The same fields on a lattice of the size that these shapes, by field name, have."""
        if not self.extent:
            return self
        rank = len(self.extent)
        first = shapes[self.fields[0].name]
        extent = tuple(first[:rank])
        if len(extent) < rank or len(self.fields[0].shape) < rank:
            return self
        sizes = dict(zip(self.extent, extent))

        def resize(field):
            if field.shape[:rank] == self.extent and len(shapes[field.name]) == len(field.shape):
                is_matrix = self.density_matrix_sites is not None
                rest = tuple(sizes[n] for n in field.shape[rank:]) if is_matrix else field.shape[rank:]
                return replace(field, shape=extent + rest)
            return field

        return Layout(tuple(map(resize, self.fields)), extent)


def _only(record, known, what):
    unknown = sorted(set(record) - known)
    if unknown:
        raise HolstreamError(f"{what} has {unknown[0]!r}, which is unknown here; a newer version wrote it")
