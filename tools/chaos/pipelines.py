"""Small whole pipelines of every kind: a source, a trainer, verdicts, a store and logs, in about a second."""
import math

PLAN = """
name: {name}
seed: {seed}
until: {until}
held-out-one-in: 4
sources:
{source}
  checkpoints: {{ checkpoint-watch: {{ rescan: 200ms }} }}
stages:{stage}
  train:
    from: {origin}
    buffer: 4
    online-trainer:
      model: {model}
      batch: 4
      window: 6
      reservoir: 10
      warm-up-frames: {warm_up}
      warm-up-steps: 5
      frames-per-step: 5
      workers: 1
      curriculum: [{{ batches: 20, steps: 1, noise: 1e-3 }}, {{ batches: 28, steps: 3, noise: 1e-3 }}]
      checkpoint-every: 6
      {more}
  evaluate:
    from: checkpoints
    verdict: {{ truth: {origin}, horizon: {horizon}, rollouts: 2, baseline-frames: {baselines}, resamples: 5 }}
sinks:
  metrics: {{ from: train, jsonl: metrics.jsonl }}
  verdicts: {{ from: evaluate, jsonl: verdicts.jsonl }}
{sink}
"""


class Kind:
    """A pipeline of one kind.

    - source, origin: where frames come from; `{folder}` is where the case may put files.
    - judged: whether verdicts are a function of the pipeline alone. Of a log they are not: its newest part is another
      whenever a checkpoint lands.
    """

    def __init__(self, name, source, model, origin="source", stage="", sink="", more="", judged=True, horizon=20,
                 warm_up=60, baselines=60, prepare=None):
        self.name, self.judged, self.prepare = name, judged, prepare
        # The store holds all that is simulated, and the trainer has enough of it before its end.
        self.fields = dict(source=source, model=model, origin=origin, stage=stage, sink=sink, more=more, horizon=horizon,
                           warm_up=warm_up, baselines=baselines, until="store" if sink else "train")

    def write(self, folder, place, seed=3):
        """Writes the pipeline file, and what it reads."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.prepare:
            self.prepare(folder, place)
        fields = {key: value.replace("{folder}", str(folder)) if isinstance(value, str) else value
                  for key, value in self.fields.items()}
        file = folder / "pipeline.yaml"
        file.write_text(PLAN.format(name=self.name, seed=seed, **fields))
        return file


def simulated(settings):
    return f"  source:\n    simulate: {{ {settings}, trajectories: 4, frames: 40, ensembles: 3 }}"


def stored(settings="chunk: 8", origin="source"):
    return f"  store: {{ from: {origin}, zarr: {{ path: trajectories.zarr, {settings} }} }}"


def simulate(folder, place):
    place.run("simulate", "--system", "lorenz-63", "--trajectories", 12, "--steps", 160, "--every", 2, "--seed", 5,
              "--out", folder / "truth.zarr").expect(0)


def rows(folder, place):
    lines = ["time,a,b"] + [f"{0.25 * k},{3 + math.sin(0.3 * k):.9f},{100 * math.cos(0.3 * k):.9f}" for k in range(900)]
    (folder / "log.csv").write_text("\n".join(lines) + "\n")


VALIDATED = "validation: { every: 8, windows: 4 }"
ALL = [
    Kind("holstein", simulated("system: holstein, preset: shallow, sites: 8, every: 16, noise: 1e-2"),
         "{ family: cnn, channels: 4, blocks: 1, dropout: 0.1 }", sink=stored(), more=VALIDATED),
    Kind("unstored", simulated("system: holstein, preset: shallow, sites: 8, every: 16"),
         "{ family: parc, channels: 4, blocks: 1 }", more="augment: { translation: true }"),
    Kind("lorenz-63", simulated("system: lorenz-63, every: 2"), "{ family: mlp, width: 16, layers: 2 }",
         sink=stored("chunk: 8, seal: true"), more=VALIDATED),
    Kind("lorenz-96", simulated("system: lorenz-96, sites: 8, every: 2"), "{ family: cnn, channels: 4, blocks: 1 }",
         sink=stored("chunk: 16, precision: single")),
    Kind("kuramoto-sivashinsky", simulated("system: kuramoto-sivashinsky, points: 16, dt: 0.25, every: 2, transient: 20"),
         "{ family: cnn, channels: 4, blocks: 1, constrain: flux }", sink=stored("chunk: 8, preset: compact")),
    Kind("replay", "  source: { replay: { path: {folder}/truth.zarr } }", "{ family: mlp, width: 16, layers: 2 }",
         prepare=simulate),
    Kind("log", "  file: { tail: { path: {folder}/log.csv, follow: false } }", "{ family: mlp, width: 16, layers: 2 }",
         origin="source", stage="\n  source: { from: file, states: { columns: \"a, b\", standardise: 64 } }",
         sink=stored("chunk: 64"), more="hold-back: 60", judged=False, warm_up=200, baselines=0, prepare=rows),
]


def chosen(place):
    """The kinds that the user asked for."""
    kinds = [kind for kind in ALL if place.only is None or kind.name in place.only]
    assert kinds, f"there is no such kind; there are {', '.join(kind.name for kind in ALL)}"
    return kinds
