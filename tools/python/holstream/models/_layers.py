"""Layers of single precision on arrays (channels, sites...), and steps in time."""

import itertools

import numpy as np


def convolve(x, weight, bias):
    """Circular cross-correlation: y_o(s) = b_o + Σ w(t)_oi x_i(s + t - 1). x (I, extent...), weight (3..., O, I)."""
    rank = x.ndim - 1
    flat = np.zeros((weight.shape[-2], x[0].size), np.float32)
    for tap in itertools.product(range(3), repeat=rank):
        shifted = np.roll(x, [1 - t for t in tap], axis=tuple(range(1, rank + 1)))
        flat += weight[tap] @ shifted.reshape(x.shape[0], -1)
    return flat.reshape(-1, *x.shape[1:]) + _column(bias, rank)


def normalise(x, gamma, beta):
    """LayerNorm over the channels of each site."""
    centred = x - x.mean(axis=0, keepdims=True, dtype=np.float32)
    deviation = np.sqrt((centred * centred).mean(axis=0, keepdims=True, dtype=np.float32) + np.float32(1e-5))
    rank = x.ndim - 1
    return centred / deviation * _column(gamma, rank) + _column(beta, rank)


def gelu(x):
    """The form with tanh."""
    return x / (1 + np.exp(-2 * np.float32(np.sqrt(2 / np.pi)) * (x + np.float32(0.044715) * x**3)))


ACTIVATIONS = {
    "gelu": gelu, "tanh": np.tanh, "relu": lambda x: np.maximum(x, 0), "silu": lambda x: x / (1 + np.exp(-x))}


def dense(x, weight, bias):
    """W x + b at every site; weight (O, I)."""
    return np.tensordot(weight, x, axes=1) + _column(bias, x.ndim - 1)


def _column(values, rank):
    return values.reshape(-1, *[1] * rank)


def integrate(change, learns, evolves):
    """The function from a state to the next one, of a network that gives the change over one interval.

    A model that learned the tendency gives the tendency times the interval; one step of the classical method of Runge
    and Kutta integrates it, and what does not evolve stays as it is.
    """
    if learns == "state":
        return lambda state: state + change(state)

    def advance(state):
        def moved(slope, part):
            return state + np.where(evolves, np.float32(part) * slope, np.float32(0))

        k1 = change(state)
        k2 = change(moved(k1, 0.5))
        k3 = change(moved(k2, 0.5))
        k4 = change(moved(k3, 1))
        return moved(k1 + 2 * (k2 + k3) + k4, 1 / 6)

    return advance


class ResidualTrunk:
    """x₀ = tanh conv(input); x_{k+1} = x_k + conv(tanh LN(conv(tanh LN(x_k)))); output = W tanh(x) + b."""

    def __init__(self, first, blocks, last):
        self.first, self.blocks, self.last = first, blocks, last

    def __call__(self, planes):
        x = np.tanh(convolve(planes, *self.first))
        for conv1, conv2, norm1, norm2 in self.blocks:
            hidden = convolve(np.tanh(normalise(x, *norm1)), *conv1)
            x = x + convolve(np.tanh(normalise(hidden, *norm2)), *conv2)
        return dense(np.tanh(x), *self.last)
