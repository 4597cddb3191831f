"""The families of models: each a class whose `stepper(layout)` gives the function from one state (S) to the next."""

from .._errors import HolstreamError
from .grid import GridNetwork
from .perceptron import Perceptron
from .piecewise_linear import PiecewiseLinear
from .residual import DensityMatrixNetwork


FAMILIES = ("cnn", "parc", "mlp", "shplrnn", "al-rnn")


def network(configuration, settings, layout, scales, parameters, path):
    """The network of a configuration. Refuses families, settings and tensors that it does not know."""
    family = configuration["family"]
    is_matrix = layout is None or layout.density_matrix_sites is not None
    if family in ("cnn", "parc") and is_matrix:
        made = DensityMatrixNetwork
    elif family == "cnn":
        made = GridNetwork
    elif family == "mlp":
        made = Perceptron
    elif family in PiecewiseLinear.families:
        made = PiecewiseLinear
    else:
        raise HolstreamError(
            f"{path}: the family {family!r} of these states is unknown here; this package rolls out "
            f"{', '.join(FAMILIES)}. `holstream predict` rolls out every family, into a store that this package opens")
    unknown = sorted(set(settings) - made.settings)
    if unknown:
        raise HolstreamError(f"{path}: the {family} has the setting {unknown[0]!r}, which is unknown here")
    if configuration.get("constraint") not in made.constraints:
        raise HolstreamError(f"{path}: the constraint {configuration['constraint']!r} is unknown for the {family}")
    if configuration.get("learns", "state") not in made.targets:
        raise HolstreamError(f"{path}: the {family} cannot learn {configuration['learns']!r} here")
    return made(configuration, layout, scales, _Tensors(parameters, path))


class _Tensors:
    """Parameters that are taken one by one, each with its shape; what is left over at the end is refused."""

    def __init__(self, tensors, path):
        self._left = dict(tensors)
        self._path = path

    def take(self, name, *shape):
        if name not in self._left:
            raise HolstreamError(f"{self._path}: tensor {name} is missing")
        values = self._left.pop(name)
        if values.shape != shape:
            raise HolstreamError(f"{self._path}: tensor {name} has the shape {values.shape} in place of {shape}")
        return values

    def finish(self):
        if self._left:
            raise HolstreamError(f"{self._path}: tensor {min(self._left)} is unknown here")
