"""Learned force fields of the square-lattice Holstein model."""

import numpy as np

from .._errors import HolstreamError
from .force_networks import DescriptorNetwork, DirectNetwork, EnergyNetwork, EquivariantNetwork

_NETWORKS = {
    "gnn-direct": DirectNetwork, "gnn-energy": EnergyNetwork, "descriptor-mlp": DescriptorNetwork,
    "equivariant-cnn": EquivariantNetwork}
_PHYSICS = {"g", "k", "kappa", "m", "gamma", "dt", "t", "temperature"}
# Largest |Σ n - N/2| a site, and displacements by which a lattice is shifted at most.
_TOLERANCE, _FARTHEST = 1e-6, 64.0


class ForceField:
    """F = g (n - ½) - k Q - κ Σ Q of the neighbours, dQ/dt = P/m; the network gives n from Q.

    A field of μ = 0 serves half filling, too: H - μ depends on Q by gQ + μ alone, so that the density of another μ is that of
    Q + μ/g, and μ is where Σ n = N/2. Springs and steps are double precision, the network single.
    """

    families = tuple(_NETWORKS)
    settings = {"widths", "activation", "elastic", "density", "odd", "ensemble"} | _PHYSICS
    constraints = {None}
    targets = {"force"}

    def __init__(self, configuration, layout, scales, tensors):
        family, self._configuration = configuration["family"], configuration
        self._physics = {name: configuration[name] for name in _PHYSICS if name in configuration}
        for name, known in (("elastic", ("exact", "learned")), ("density", ("tanh", "linear")), ("ensemble", ("grand-canonical", "canonical"))):
            if configuration[name] not in known:
                raise HolstreamError(f"{name} of the {family} is {configuration[name]!r}, which is unknown here")
        if configuration["activation"] not in _NETWORKS[family].activations:
            raise HolstreamError(f"the activation {configuration['activation']!r} of the {family} is unknown here")
        for name in ("g", "k", "kappa"):
            if not self._physics.get(name) and (name == "g" or name not in self._physics):
                raise HolstreamError(f"the {family} does not know {name} of its lattice")
        if configuration["density"] == "tanh" and (family == "gnn-energy" or configuration["elastic"] == "learned"):
            raise HolstreamError(f"density of the {family} must be 'linear' where a slope or the springs' force has no bounds")
        network = _NETWORKS[family](configuration, tensors)
        tensors.finish()
        self._network = network
        if configuration["odd"] and not network.is_odd:
            self._network = lambda q: np.float32(0.5) * (network(q) - network(-q))

    def stepper(self, layout):
        rows, columns = self._check(layout)
        interval = self._configuration.get("interval")
        if not interval:
            raise HolstreamError("the force field does not know the time between two frames")
        if "m" not in self._physics:
            raise HolstreamError("the force field does not know m of its lattice")
        steps = max(1, int(np.floor(interval / self._physics.get("dt", 0.05) + 0.5)))
        dt, mass = interval / steps, self._physics["m"]
        decay = np.exp(-self._physics.get("gamma", 0) * dt)

        def advance(state):
            # Velocity Verlet, and then the bath's friction without its noise.
            q, p = state.astype(float).reshape(2, rows, columns)
            force = self.force(q)
            for _ in range(steps):
                p = p + dt / 2 * force
                q = q + dt * p / mass
                force = self.force(q)
                p = decay * (p + dt / 2 * force)
            return np.stack([q, p]).ravel().astype(np.float32)

        return advance

    def tendency(self, layout, vector):
        """dQ/dt and dP/dt without the bath, at half filling."""
        rows, columns = self._check(layout)
        q, p = vector.astype(float).reshape(2, rows, columns)
        return np.stack([p / self._physics["m"], self.force(q)]).ravel().astype(np.float32)

    @staticmethod
    def _check(layout):
        sites = int(np.prod(layout.extent))
        if len(layout.extent) != 2 or layout.names != ["Q", "P"] or any(f.count != sites for f in layout.fields):
            raise HolstreamError("a force field runs on fields Q and P on a square lattice")
        return layout.extent

    def force(self, q):
        """(rows, columns) forces of displacements in double precision; NaN where no μ within reach gives the charge."""
        n = self._density(q, 0.0) if self._configuration["ensemble"] == "canonical" else self._charged(q)
        return self._physics["g"] * (n - 0.5) - self._springs(q)

    def _springs(self, q):
        around = (np.roll(q, -1, 1) + np.roll(q, 1, 1)) + (np.roll(q, -1, 0) + np.roll(q, 1, 0))
        return q.dtype.type(self._physics["k"]) * q + q.dtype.type(self._physics["kappa"]) * around

    def _density(self, q, shift):
        shifted = (q + shift).astype(np.float32)
        value = self._network(shifted)
        if self._configuration["elastic"] == "learned":
            value = (value + self._springs(shifted)) / np.float32(self._physics["g"])
        elif self._configuration["density"] == "tanh":
            value = np.float32(0.5) * np.tanh(value)
        return (np.float32(0.5) + value).astype(float)

    def _charged(self, q):
        """The density of the shift μ/g that makes the charge N/2.

        Secants lead on until the sign changes, each a little too far and none more than eight times as far as the one
        before; false position with halving (Illinois) narrows the bracket.
        """
        tolerance, lost = _TOLERANCE * q.size, np.full_like(q, np.nan)

        def look(shift):
            n = self._density(q, shift)
            return (n - 0.5).sum(), n

        a, (fa, n) = 0.0, look(0.0)
        if abs(fa) <= tolerance:
            return n
        if not np.isfinite(fa):
            return lost
        direction = 1.0 if (fa < 0) == (self._physics["g"] > 0) else -1.0
        step = min(max(abs(fa) / (0.1 * q.size), 1e-4), 0.05)
        b = direction * step
        fb, n = look(b)
        while np.isfinite(fb) and abs(fb) > tolerance and (fb < 0) == (fa < 0):
            if abs(b) >= _FARTHEST:
                return lost
            ahead = 1.1 * abs(fb) * step / abs(fa - fb) if fa != fb else np.inf
            step = min(max(ahead, 1e-4), 8 * step) if np.isfinite(ahead) else 8 * step
            a, fa, b = b, fb, b + direction * step
            fb, n = look(b)
        if not np.isfinite(fb):
            return lost
        if abs(fb) <= tolerance:
            return n
        for _ in range(100):
            c = (a * fb - b * fa) / (fb - fa)
            fc, n = look(c)
            if not np.isfinite(fc):
                return lost
            # Single precision resolves no more.
            if abs(fc) <= tolerance or abs(b - a) <= 1e-6 * max(1, abs(c)):
                return n
            if (fc < 0) == (fb < 0):
                fa /= 2
            else:
                a, fa = b, fb
            b, fb = c, fc
        return lost
