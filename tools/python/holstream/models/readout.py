"""Models with a fitted linear readout of given features: products of the last frames, or random units that they drive."""

import numpy as np

from .._errors import HolstreamError
from .embedding import Embedding


class Readout:
    """The change of the numbers of a place is W o, o the features of its surroundings and of their past, in double precision.

    While frames are missing at the beginning, a readout of the features that there are takes the place of the whole one.
    """

    constraints = {None}
    targets = {"state"}

    def __init__(self, configuration, layout, scales, tensors):
        if layout is None:
            raise HolstreamError(f"the checkpoint of the {configuration['family']} does not say what its states consist of")
        self._configuration, self._layout, self._scales = configuration, layout, scales
        self._radius = configuration["radius"]
        self._embedding = Embedding(layout)
        self._inputs = self._embedding.channels * self._embedding.taps(self._radius)
        tensors.drop("sums.")
        self._take(tensors)
        # (targets, features) by kind and level, each as the sum of two single-precision numbers.
        self._readouts = []
        for kind, _, targets in self._embedding.kinds():
            levels = []
            for level, support in enumerate(self._supports):
                start = "" if level == len(self._supports) - 1 else f"start{level + 1}."
                name = "readout." + (kind and kind + ".") + start
                head, rest = (
                    tensors.take(name + part, len(targets), len(support)).astype(float) for part in ("weight", "remainder"))
                levels.append(head + rest)
            self._readouts.append(levels)
        tensors.finish()

    def stepper(self, layout):
        own, embedding = self._layout, Embedding(layout)
        if (
            embedding.kind != self._embedding.kind or embedding.channels != self._embedding.channels
            or embedding.taps(self._radius) != self._embedding.taps(self._radius)
            or [(f.name, f.role) for f in layout.fields] != [(f.name, f.role) for f in own.fields]
        ):
            raise HolstreamError("the model was fitted to other fields, or to surroundings that this lattice does not have")
        scale = 1 / layout.spread([self._scales[name][0] for name in layout.names]).astype(float)
        features, kinds = self._features(embedding), embedding.kinds()

        def advance(state):
            planes = embedding.planes(state * scale if self._is_scaled else state.astype(float), float)
            level, values = features(embedding.surroundings(planes, self._radius))
            changes = np.zeros((embedding.channels, embedding.plane))
            for (_, places, targets), readouts in zip(kinds, self._readouts):
                for part in np.array_split(places, len(places) // 1024 + 1):
                    seen = values(part)[:, self._supports[level]]
                    changes[np.ix_(targets, part)] = readouts[level] @ seen.T
            return np.where(layout.evolves, state + embedding.vector(changes), state).astype(np.float32)

        return advance


class VectorAutoregression(Readout):
    """All products of up to `order` of the numbers of the last `taps` frames (Nature Communications 12, 5564 (2021))."""

    families = ("nvar",)
    settings = {"order", "odd", "taps", "stride", "radius", "ridge", "forgetting", "scaled"}

    @property
    def memory(self):
        return (self._configuration["taps"] - 1) * self._configuration["stride"]

    def _take(self, tensors):
        self._is_scaled = self._configuration["scaled"]
        order, taps, count = self._configuration["order"], self._configuration["taps"], self._inputs
        # Of each degree (product of one factor fewer, last factor): every product once, factors in ascending order.
        self._degrees = [(np.full(taps * count, -1), np.arange(taps * count))]
        for _ in range(order - 1):
            last = self._degrees[-1][1]
            lengths = taps * count - last
            parents = np.repeat(np.arange(last.size), lengths)
            starts = np.repeat(last + lengths - np.cumsum(lengths), lengths)
            self._degrees.append((parents, np.arange(parents.size) + starts))
        is_odd = self._configuration["odd"]
        self._kept = [degree for degree in range(1, order + 1) if not is_odd or degree % 2]
        self._has_constant = not is_odd
        factors = np.concatenate(([np.array([-1])] if self._has_constant else []) + [self._degrees[d - 1][1] for d in self._kept])
        self._supports = [np.flatnonzero(factors < level * count) for level in range(1, taps + 1)]

    def _features(self, embedding):
        taps, stride = self._configuration["taps"], self._configuration["stride"]
        history = []

        def see(seen):
            history.insert(0, seen)
            del history[self.memory + 1 :]
            known = min(taps, (len(history) - 1) // stride + 1)

            def values(places):
                frames = [history[tap * stride][places] if tap < known else np.zeros((len(places), self._inputs)) for tap in range(taps)]
                x = np.concatenate(frames, axis=1)
                products, features = x, [np.ones((len(places), 1))] if self._has_constant else []
                for degree, (parents, factors) in enumerate(self._degrees, start=1):
                    if degree > 1:
                        products = products[:, parents] * x[:, factors]
                    if degree in self._kept:
                        features.append(products)
                return np.concatenate(features, axis=1)

            return known - 1, values

        return see


class EchoState(Readout):
    """h' = (1 - a) h + a tanh(A h + W u / s + b) in every place; features 1, u / s and h', every second unit squared."""

    families = ("echo-state",)
    settings = {
        "units", "degree", "spectralRadius", "leak", "drive", "bias", "radius", "squares", "warmUp", "ridge", "forgetting"}
    _is_scaled = True

    @property
    def memory(self):
        return self._configuration["warmUp"]

    def _take(self, tensors):
        units, degree = self._configuration["units"], self._configuration["degree"]
        self._input = tensors.take("reservoir.input", units, self._inputs).astype(float)
        self._bias = tensors.take("reservoir.bias", units).astype(float)
        columns = tensors.take("reservoir.columns", units, degree)
        if not np.all((columns >= 0) & (columns < units) & (columns == np.floor(columns))):
            raise HolstreamError(f"tensor reservoir.columns must hold the numbers of hidden units, from 0 to {units - 1}")
        self._recurrent = np.zeros((units, units))
        rows = np.repeat(np.arange(units), degree)
        np.add.at(
            self._recurrent, (rows, columns.astype(int).ravel()),
            tensors.take("reservoir.weights", units, degree).astype(float).ravel())
        self._supports = [np.arange(1 + self._inputs + units)]

    def _features(self, embedding):
        leak = self._configuration["leak"]
        hidden = np.zeros((embedding.plane, self._configuration["units"]))

        def see(seen):
            nonlocal hidden
            drive = self._bias + seen @ self._input.T + hidden @ self._recurrent.T
            hidden = hidden + leak * (np.tanh(drive) - hidden)

            def values(places):
                units = hidden[places]
                if self._configuration["squares"]:
                    units[:, 1::2] **= 2
                return np.concatenate([np.ones((len(places), 1)), seen[places], units], axis=1)

            return 0, values

        return see
