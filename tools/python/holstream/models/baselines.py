"""What every model must beat: persistence, and the best linear model of the surroundings."""

import numpy as np

from .._errors import HolstreamError
from .embedding import Embedding


class Persistence:
    """Nothing changes."""

    memory = 0

    def __init__(self, layout, scales, tensors):
        tensors.finish()

    def stepper(self, layout):
        return lambda state: state


class LinearRegression:
    """The change of a place is linear in what it and its neighbours hold: five sites of a ring, 3 × 3 of a square or of site
    pairs of a density matrix, the whole of a vector. Density matrices have weights of their own on the diagonal."""

    memory = 0

    def __init__(self, layout, scales, tensors):
        self._layout, self._scales = layout, scales
        self._embedding = Embedding(layout)
        self._radius = 2 if len(self._embedding.extent) == 1 else 1
        count = self._embedding.channels * self._embedding.taps(self._radius)
        if self._embedding.kind == "density matrix":
            names = ("readout.diagonal", "readout.off_diagonal")
            self._weights = [tensors.take(name, 4, count + 1) for name in names]
        else:
            self._weights = [tensors.take("readout.weights", int(self._embedding.evolves.sum()), count + 1)]
        tensors.finish()

    def stepper(self, layout):
        embedding = Embedding(layout)
        if (
            layout.names != self._layout.names or embedding.kind != self._embedding.kind
            or embedding.channels != self._embedding.channels
            or embedding.taps(self._radius) != self._embedding.taps(self._radius)
        ):
            raise HolstreamError("the model was fitted to other fields, or to surroundings that this lattice does not have")
        scales = [self._scales[name] for name in layout.names]
        inputs = 1 / layout.spread([scale[0] for scale in scales])
        outputs = layout.spread([scale[2] for scale in scales]) * layout.evolves

        def advance(state):
            seen = embedding.surroundings(embedding.planes(state * inputs, np.float32), self._radius)
            seen = np.concatenate([seen, np.ones((len(seen), 1), np.float32)], axis=1)
            changes = np.zeros((embedding.channels, embedding.plane), np.float32)
            for weights, (_, places, targets) in zip(self._weights, embedding.kinds()):
                rows = weights if len(weights) == len(targets) else weights[: len(targets)]
                changes[np.ix_(targets, places)] = rows @ seen[places].T
            return state + embedding.vector(changes) * outputs

        return advance


BASELINES = {"persistence": Persistence, "linear-regression": LinearRegression}
