"""The published networks of density matrices: the CNN, and PARC with its differentiator and integrator."""

import numpy as np

from .._errors import HolstreamError
from ._layers import ResidualTrunk


class DensityMatrixNetwork:
    settings = {"channels", "blocks", "dropout", "zeroInitialisedOutput"}
    constraints = {None, "projection", "spectrum"}
    targets = {"state"}

    def __init__(self, configuration, layout, scales, tensors):
        channels, blocks = configuration["channels"], configuration["blocks"]
        names = layout.names if layout else ["rho", "Q", "P"]
        state, tendency, increment = (np.array([scales[n][k] for n in names], np.float32) for k in range(3))
        if configuration["family"] == "cnn":
            parts = [("cnn", state, increment)]
        else:
            parts = [("differentiator", state, tendency), ("integrator", tendency, increment)]
        self._constraint = configuration.get("constraint")
        self._networks = []
        for prefix, inputs, outputs in parts:
            for name, given, taken in zip(names, inputs, outputs):
                self._check(tensors, f"{prefix}.in_scale_{name}", 1 / given)
                self._check(tensors, f"{prefix}.out_scale_{name}", taken)
            self._networks.append((self._trunk(tensors, prefix, channels, blocks), 1 / inputs, outputs))
        tensors.finish()

    @staticmethod
    def _check(tensors, name, expected):
        """The scales stand in the file twice; files in which they differ are refused."""
        value = tensors.take(name)
        if not np.isclose(value, expected, rtol=1e-5):
            raise HolstreamError(f"tensor {name} is {value}, and the configuration says {expected}")

    @staticmethod
    def _trunk(tensors, prefix, c, blocks):
        def convolution(name, inputs):
            # (O, I, 3, 3) to (3, 3, O, I).
            weight = tensors.take(f"{prefix}.CNN.{name}.weight", c, inputs, 3, 3)
            return np.ascontiguousarray(weight.transpose(2, 3, 0, 1)), tensors.take(f"{prefix}.CNN.{name}.bias", c)

        def norm(name):
            return tuple(tensors.take(f"{prefix}.CNN.{name}.ln.{part}", c) for part in ("weight", "bias"))

        first = convolution("input_conv", 4)
        middle = [
            (convolution(f"blocks.{k}.conv1", c), convolution(f"blocks.{k}.conv2", c), norm(f"blocks.{k}.ln1"),
             norm(f"blocks.{k}.ln2"))
            for k in range(blocks)]
        last = (
            tensors.take(f"{prefix}.CNN.output_conv.weight", 4, c, 1, 1).reshape(4, c),
            tensors.take(f"{prefix}.CNN.output_conv.bias", 4))
        return ResidualTrunk(first, middle, last)

    def stepper(self, layout):
        sites = layout.density_matrix_sites
        if sites is None:
            raise HolstreamError("the network was made for a density matrix and two vectors on a ring")

        def apply(network, state):
            trunk, inputs, outputs = network
            rho = state[: 2 * sites**2].reshape(sites, sites, 2)
            q, p = state[2 * sites**2 :].reshape(2, sites)
            planes = np.stack([rho[..., 0], rho[..., 1], np.diag(q), np.diag(p)])
            out = trunk(planes * inputs[[0, 0, 1, 2], None, None])
            return np.concatenate(
                [np.moveaxis(out[:2], 0, -1).ravel() * outputs[0], np.diagonal(out[2]) * outputs[1],
                 np.diagonal(out[3]) * outputs[2]])

        def advance(state):
            change = state
            for network in self._networks:
                change = apply(network, change)
            new = state + change
            return _constrained(new, sites, self._constraint) if self._constraint else new

        return advance


def _projected(rho):
    """ρ ← (ρ + ρ†) / 2, shifted on its diagonal to the trace of half filling, L / 2."""
    rho = (rho + rho.conj().T) / 2
    return rho + np.eye(len(rho), dtype=np.float32) * ((len(rho) / 2 - np.trace(rho).real) / len(rho))


def _constrained(state, sites, constraint):
    """ρ projected; of `spectrum` its eigenvalues λ brought back to 0, ½ and 1 by x³ (35 − 42 x² + 15 x⁴) / 8, x = 2λ − 1."""
    rho = state[: 2 * sites**2].reshape(sites, sites, 2)
    rho = _projected(rho[..., 0] + 1j * rho[..., 1])
    if constraint == "spectrum":
        one = np.eye(sites, dtype=np.float32)
        x = 2 * rho - one
        y = x @ x
        rho = _projected((one + x @ y @ (4.375 * one - 5.25 * y + 1.875 * (y @ y))) / 2)
    out = state.copy()
    out[: 2 * sites**2] = np.stack([rho.real, rho.imag], axis=-1).ravel()
    return out
