"""Opens what Holstream leaves behind: runs, stores, logs and checkpoints.

    import holstream

    data = holstream.open("runs/quickstart/1")            # xarray.Dataset of the run's store
    model = holstream.load("runs/quickstart/1/checkpoints/best-by-climate.safetensors")
    rollout = model.rollout(data.isel(trajectory=0, time=0), steps=300)
    holstream.Run("runs/quickstart/1").log("metrics")     # a data frame, a row a line

NumPy and zarr are needed; xarray for `open`, pandas for data frames. A file that holds anything which this package does
not know is refused by name: a model that is only partly understood would give wrong numbers without a word.
"""

from ._errors import HolstreamError
from .checkpoint import Checkpoint, load
from .run import Run
from .store import arrays, open

__all__ = ["Checkpoint", "HolstreamError", "Run", "arrays", "load", "open"]
