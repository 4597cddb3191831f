/// The whole pipeline in a few seconds: a small lattice, a small network, a short curriculum.
enum Miniature {
  static func yaml(batches: Int = 24, extra: String = "") -> String {
    """
    name: miniature
    seed: 3
    until: train
    held-out-one-in: 4
    sources:
      lattice:
        holstein: { preset: shallow, sites: 8, trajectories: 4, frames: 30, every: 16, noise: 1e-2 }
      checkpoints:
        checkpoint-watch: {}
    stages:
      train:
        from: lattice
        buffer: 4
        online-trainer:
          model: { family: cnn, channels: 4, blocks: 1, dropout: 0.1 }
          batch: 4
          window: 6
          reservoir: 10
          warm-up-frames: 60
          warm-up-steps: 5
          frames-per-step: 5
          workers: 1
          curriculum: [{ batches: \(batches / 2), steps: 1, noise: 1e-3 }, { batches: \(batches - batches / 2), steps: 3, noise: 1e-3 }]
          checkpoint-every: 6
          validation: { every: 8, windows: 4 }
      climate:
        from: lattice
        rolling-climate: { window: 200, lag: 5, every: 50 }
      evaluate:
        from: checkpoints
        verdict: { horizon: 20, rollouts: 2, baseline-frames: 60, resamples: 5 }
    sinks:
      store: { from: lattice, zarr: { path: trajectories.zarr, chunk: 8 } }
      metrics: { from: train, jsonl: metrics.jsonl }
      tensorboard: { from: train, tensorboard: tensorboard }
      climates: { from: climate, jsonl: climate.jsonl }
      verdicts: { from: evaluate, jsonl: verdicts.jsonl }
      page: { from: evaluate, page: {} }
      page-loss: { from: train, buffer: 1, page: {} }
    \(extra)
    """
  }
}
