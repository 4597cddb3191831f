"""A run's folder: its logs as data frames, its checkpoints, its best one."""

import json
import math
from pathlib import Path

from . import store
from ._errors import HolstreamError
from .checkpoint import load


class Run:
    """The folder `runs/<pipeline>/<number>`.

        run = holstream.Run("runs/quickstart/1")
        run.logs                      # ['climate', 'ledger', 'metrics', 'verdicts']
        run.log("metrics").plot(x="step", y="loss.total")
        run.best.rollout(run.open().isel(trajectory=0, time=0), 300)
    """

    def __init__(self, path):
        self.path = Path(path)
        if not (self.path / "pipeline.yaml").exists():
            raise HolstreamError(f"{path} is no run's folder: it has no pipeline.yaml")

    def __repr__(self):
        return f"<run {self.path}>"

    def open(self):
        """As `holstream.open`."""
        return store.open(self.path)

    @property
    def pipeline(self):
        """The pipeline file as it ran, text."""
        return (self.path / "pipeline.yaml").read_text()

    @property
    def logs(self):
        """Names of the JSON-lines logs."""
        return sorted(path.stem for path in self.path.glob("*.jsonl"))

    @property
    def checkpoints(self):
        """Paths of the checkpoints that are kept, in order of step."""
        return sorted((self.path / "checkpoints").glob("step-*.safetensors"))

    @property
    def best(self):
        """The best checkpoint by climate, as a model."""
        link = self.path / "checkpoints" / "best-by-climate.safetensors"
        if not link.exists():
            raise HolstreamError(f"{self.path} has no best checkpoint yet: none was judged")
        return load(link)

    def lines(self, name):
        """The lines of a log, an iterator of dicts, rotated files included. A line that is cut short is left out.

        "NaN" and "±Infinity", which JSON cannot hold, are numbers again.
        """
        last = self.path / f"{name}.jsonl"
        if not last.exists():
            raise HolstreamError(f"{self.path} has no log {name}; it has {', '.join(self.logs) or 'none'}")
        yield from self._read(last)

    def _read(self, last):
        """The lines of a log and of what was rotated away."""
        rotated = [path for path in self.path.glob(f"{last.name}.*") if path.suffix[1:].isdigit()]
        for path in sorted(rotated, key=lambda path: int(path.suffix[1:])) + [last]:
            with path.open(encoding="utf-8") as file:
                for line in file:
                    try:
                        yield _numbers(json.loads(line))
                    except ValueError:
                        continue

    def curves(self, name):
        """What `lines` leaves empty in a log of verdicts: an iterator of (line's `checkpoint`, `step`, `file` and `curves`).

        `curves` has lists by their place in the verdict, such as "/errorsAgainstFrame/Q" (JSON Pointer, RFC 6901).
        """
        last = self.path / f"{name}.curves"
        if not last.exists():
            raise HolstreamError(f"{self.path} has no curves of {name}: its lines have them, or none were kept")
        yield from self._read(last)

    def log(self, name):
        """A log as a pandas.DataFrame, a row a line; nested objects become columns such as `loss.total`.

        Lists (curves, bands) stay lists in their cell; named numbers in lists of {name, value} become columns.
        """
        try:
            import pandas
        except ImportError as error:
            raise HolstreamError("data frames need pandas: pip install pandas (or use Run.lines)") from error
        return pandas.DataFrame([_flat(line) for line in self.lines(name)])


_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _numbers(value):
    if isinstance(value, dict):
        return {key: _numbers(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_numbers(entry) for entry in value]
    return _WORDS.get(value, value) if isinstance(value, str) else value


def _flat(value, prefix=""):
    flat = {}
    for key, entry in value.items():
        name = f"{prefix}{key}"
        if isinstance(entry, dict):
            flat.update(_flat(entry, name + "."))
        elif isinstance(entry, list) and entry and all(
            isinstance(item, dict) and set(item) == {"name", "value"} for item in entry
        ):
            flat.update({f"{name}.{item['name']}": item["value"] for item in entry})
        else:
            flat[name] = entry
    return flat
