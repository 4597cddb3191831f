/// A system for which a published model's errors are known, so that a run can put its own beside them.
public protocol PublishedErrors {
  /// Root-mean-square errors of rollouts of so many frames, by observable; empty where none are published.
  func published(frames: Int) -> [(observable: String, error: Double)]
}
