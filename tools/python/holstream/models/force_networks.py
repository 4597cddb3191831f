"""The networks of force fields: a number a site from displacements (rows, columns), single precision."""

import numpy as np

from ._layers import ACTIVATIONS, convolve, dense
from .graph import GraphLayers, neighbour_mean


class DirectNetwork:
    """A graph network of displacements whose last layer is the number of a site."""

    activations = ("tanh", "relu", "gelu")

    def __init__(self, configuration, tensors):
        self.is_odd = configuration["odd"] and configuration["activation"] == "tanh"
        self._layers = GraphLayers(
            tensors, [1, *configuration["widths"], 1], configuration["activation"], has_bias=not self.is_odd)

    def __call__(self, q):
        return self._layers(q[None])[0]


class EquivariantNetwork:
    """Convolutions over translations and the point group of the square (Cohen and Welling, 2016): a channel is a function of
    the group's eight elements, whose mean at the end makes the number of a site."""

    activations = ("tanh", "gelu", "relu")

    def __init__(self, configuration, tensors):
        self.is_odd = configuration["odd"] and configuration["activation"] == "tanh"
        self._activation = ACTIVATIONS[configuration["activation"]]
        channels, order = configuration["widths"], 8
        self._layers = []
        for k, (inputs, outputs) in enumerate(zip([0, *channels], channels)):
            if k == 0:
                # (taps, 1, outputs), in all eight positions: (taps, 1, outputs · 8).
                base = tensors.take("layers.0.weight", 9, 1, outputs)
                kernel = np.stack([base[_TAPS[_inverse(g)]] for g in range(order)], axis=-1)
            else:
                base = tensors.take(f"layers.{k}.weight", 9, order, inputs, outputs)
                kernel = np.empty((9, inputs, order, outputs, order), np.float32)
                for g in range(order):
                    back = _inverse(g)
                    for h in range(order):
                        kernel[:, :, h, :, g] = base[_TAPS[back], _PRODUCTS[back, h]]
            count = 1 if k == 0 else inputs * order
            weight = kernel.reshape(3, 3, count, outputs * order).swapaxes(-1, -2)
            bias = np.zeros(outputs, np.float32) if self.is_odd else tensors.take(f"layers.{k}.bias", outputs)
            self._layers.append((np.ascontiguousarray(weight), np.repeat(bias, order)))
        self._weight = tensors.take("output.weight", channels[-1], 1)
        self._bias = np.zeros(1, np.float32) if self.is_odd else tensors.take("output.bias", 1)

    def __call__(self, q):
        x = q[None]
        for weight, bias in self._layers:
            x = self._activation(convolve(x, weight, bias))
        mean = x.reshape(-1, 8, *q.shape).mean(axis=1)
        return dense(mean, self._weight.T, self._bias)[0]


class DescriptorNetwork:
    """A perceptron of 45 invariants of the surroundings of each site, up to a distance of √13."""

    is_odd = False
    activations = ("tanh", "gelu", "relu")

    def __init__(self, configuration, tensors):
        self._activation = ACTIVATIONS[configuration["activation"]]
        sizes = [45, *configuration["widths"], 1]
        self._layers = [
            (tensors.take(f"layers.{k}.weight", *size).T, tensors.take(f"layers.{k}.bias", size[1]))
            for k, size in enumerate(zip(sizes, sizes[1:]))]

    def __call__(self, q):
        x = _descriptors(q)
        for k, layer in enumerate(self._layers):
            x = dense(self._activation(x) if k else x, *layer)
        return x[0]


class EnergyNetwork:
    """A graph network of the energy; the number of a site is minus the energy's slope with its displacement.

    Blocks x' = R x + c + LayerNorm(mean M_n(x) + M_s(x) + σ(U x + d)), M(x) = W₂ σ(W₁ x + b), the mean over the nearest
    neighbours; the last one has neither the update nor the norm.
    """

    is_odd = False
    activations = ("silu", "tanh", "relu")

    def __init__(self, configuration, tensors):
        self._activation, self._slope = ACTIVATIONS[configuration["activation"]], _SLOPES[configuration["activation"]]
        sizes = [1, *configuration["widths"], 1]
        self._blocks = []
        for k, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
            def weight(name, rows=inputs):
                return tensors.take(f"blocks.{k}.{name}", rows, outputs).T

            def bias(name):
                return tensors.take(f"blocks.{k}.{name}", outputs)

            messages = [
                (weight(f"{name}.weight1"), bias(f"{name}.bias"), weight(f"{name}.weight2", outputs))
                for name in ("neighbours", "own")]
            residual = weight("residual.weight"), bias("residual.bias")
            rest = None
            if k < len(sizes) - 2:
                rest = weight("update.weight"), bias("update.bias"), bias("normalisation.weight"), bias("normalisation.bias")
            self._blocks.append((messages, residual, rest))

    def __call__(self, q):
        x, passed = q[None], []
        for messages, residual, rest in self._blocks:
            inner = [dense(x, *message[:2]) for message in messages]
            around, own = (_times(message[2], self._activation(z)) for message, z in zip(messages, inner))
            total = neighbour_mean(around) + own
            update = centred = deviation = None
            if rest:
                update = dense(x, *rest[:2])
                total = total + self._activation(update)
                centred = total - total.mean(axis=0)
                deviation = np.sqrt((centred * centred).mean(axis=0) + np.float32(1e-5))
                total = centred / deviation * rest[2][:, None, None] + rest[3][:, None, None]
            passed.append((inner, update, centred, deviation))
            x = dense(x, *residual) + total
        # Backwards: the slope of the sum of all sites' energies with each number.
        slope = np.ones_like(x)
        for (messages, residual, rest), (inner, update, centred, deviation) in zip(reversed(self._blocks), reversed(passed)):
            before, total = _times(residual[0].T, slope), slope
            if rest:
                normal, scaled = centred / deviation, slope * rest[2][:, None, None]
                total = (scaled - scaled.mean(axis=0) - normal * (scaled * normal).mean(axis=0)) / deviation
                before = before + _times(rest[0].T, total * self._slope(update))
            for message, z, each in zip(messages, inner, (neighbour_mean(total), total)):
                before = before + _times(message[0].T, _times(message[2].T, each) * self._slope(z))
            slope = before
        return -slope[0]


def _times(weight, x):
    return np.tensordot(weight, x, axes=1)


def _silu_slope(x):
    share = 1 / (1 + np.exp(-x))
    return share * (1 + x * (1 - share))


_SLOPES = {"relu": lambda x: (x > 0).astype(np.float32), "tanh": lambda x: 1 - np.tanh(x) ** 2, "silu": _silu_slope}

# The eight ways to lay a square on itself, as matrices on (dy, dx): quarter turns, and the same after a mirror.
_TURN = np.array([[0, 1], [-1, 0]])
_MATRICES = [np.linalg.matrix_power(_TURN, g % 4) @ np.diag([1, 1 if g < 4 else -1]) for g in range(8)]


def _element(matrix):
    return next(g for g, other in enumerate(_MATRICES) if np.array_equal(matrix, other))


_PRODUCTS = np.array([[_element(a @ b) for b in _MATRICES] for a in _MATRICES])


def _inverse(g):
    return int(np.flatnonzero(_PRODUCTS[g] == 0)[0])


# (8, 9) where an element takes a tap of a 3 × 3 kernel, row by row.
_TAPS = np.array([
    [int(np.dot(matrix @ [tap // 3 - 1, tap % 3 - 1], [3, 1])) + 4 for tap in range(9)] for matrix in _MATRICES])


def _shells():
    """The 45 sites around one, and the orthogonal matrix (sites, amplitudes) with the kind of each amplitude."""
    sites, columns, kinds = [(0, 0)], [{0: 1.0}], ["A1"]
    near = [(dy, dx) for dy in range(-3, 4) for dx in range(-3, 4)]
    for square in (1, 2, 4, 5, 8, 9, 10, 13):
        shell = [(dy, dx) for dy, dx in near if dy * dy + dx * dx == square]
        first = len(sites)
        sites += shell
        weights = [
            ("A1", lambda dy, dx: 1), ("A2", lambda dy, dx: np.sign(dx * dy) * np.sign(dx * dx - dy * dy)),
            ("B1", lambda dy, dx: np.sign(dx * dx - dy * dy)), ("B2", lambda dy, dx: np.sign(dx * dy)),
            # The larger component of each site's place, and the smaller where it is another and not zero.
            ("E", lambda dy, dx: np.sign(dx) * (abs(dx) >= abs(dy))), ("E", lambda dy, dx: np.sign(dy) * (abs(dy) >= abs(dx)))]
        if len(shell) == 8:
            weights += [
                ("E", lambda dy, dx: np.sign(dx) * (abs(dx) < abs(dy))), ("E", lambda dy, dx: np.sign(dy) * (abs(dy) < abs(dx)))]
        for kind, weight in weights:
            values = np.array([weight(dy, dx) for dy, dx in shell], float)
            if values.any():
                columns.append(dict(enumerate(values / np.linalg.norm(values), start=first)))
                kinds.append(kind)
    matrix = np.zeros((45, 45), np.float32)
    for column, weights in enumerate(columns):
        for site, weight in weights.items():
            matrix[site, column] = weight
    return sites, matrix, np.array(kinds)


_SITES, _AMPLITUDES, _KINDS = _shells()


def _descriptors(q):
    """(45, rows, columns): amplitudes of the irreducible representations of D4, made invariant by those of all shells together."""
    around = np.stack([np.roll(q, (-dy, -dx), axis=(0, 1)) for dy, dx in _SITES])
    values = np.tensordot(_AMPLITUDES.T, around, axes=1)
    for kind in ("A2", "B1", "B2"):
        own = _KINDS == kind
        values[own] *= np.where(values[own].sum(axis=0) < 0, np.float32(-1), np.float32(1))
    x, y = np.flatnonzero(_KINDS == "E")[0::2], np.flatnonzero(_KINDS == "E")[1::2]
    reference = values[x].sum(axis=0), values[y].sum(axis=0)
    length = np.sqrt(reference[0] ** 2 + reference[1] ** 2)
    along = values[x] * reference[0] + values[y] * reference[1]
    own = np.sqrt(values[x] ** 2 + values[y] ** 2)
    values[y] = np.divide(along, length, out=np.zeros_like(along), where=length > 0)
    values[x] = own
    return values
