"""The families of models: each a class whose `stepper(layout)` gives the function from one state (S) to the next.

A model that remembers is shown earlier states by being asked to advance them; `memory` says how many it depends on.
"""

from .._errors import HolstreamError
from .baselines import BASELINES
from .force import ForceField
from .graph import GraphNetwork
from .grid import GridNetwork
from .perceptron import Perceptron
from .piecewise_linear import PiecewiseLinear
from .readout import EchoState, VectorAutoregression
from .residual import DensityMatrixNetwork
from .spectral import FourierOperator

_BY_FAMILY = {
    family: made
    for made in (EchoState, ForceField, FourierOperator, GraphNetwork, Perceptron, PiecewiseLinear, VectorAutoregression)
    for family in made.families}
FAMILIES = sorted({"cnn", "parc", *_BY_FAMILY, *BASELINES})


def network(configuration, settings, layout, scales, parameters, path):
    """The network of a configuration. Refuses families, settings and tensors that it does not know."""
    family = configuration["family"]
    is_matrix = layout is None or layout.density_matrix_sites is not None
    if family in ("cnn", "parc") and is_matrix:
        made = DensityMatrixNetwork
    elif family == "cnn":
        made = GridNetwork
    elif family in _BY_FAMILY:
        made = _BY_FAMILY[family]
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
    try:
        return made(configuration, layout, scales, _Tensors(parameters, path))
    except KeyError as error:
        raise HolstreamError(f"{path}: the {family} lacks its setting {error}") from error


def baseline(family, layout, scales, parameters, path):
    """What was fitted beside the networks, by the name of its family."""
    if family not in BASELINES:
        raise HolstreamError(
            f"{path}: a file of the family {family!r} in this form is unknown here (earlier versions wrote echo-state so); "
            f"`holstream predict` rolls it out, into a store that this package opens")
    return BASELINES[family](layout, scales, _Tensors(parameters, path))


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

    def drop(self, prefix):
        """Leaves out what only training needs."""
        for name in [name for name in self._left if name.startswith(prefix)]:
            del self._left[name]

    def finish(self):
        if self._left:
            raise HolstreamError(f"{self._path}: tensor {min(self._left)} is unknown here")
