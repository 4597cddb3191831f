public import Settings

/// A way to say in numbers how like the truth a model's rollouts are.
///
/// A new one is a file and a line in `MetricCatalogue`: its initialiser declares its settings, its scores say what they are.
public protocol Metric: Sendable {
  /// Its key under `metrics:`, such as `valid-time`.
  static var word: String { get }
  /// What it says, in a sentence.
  static var summary: String { get }
  /// Reads and declares its settings.
  init(_ section: ConfigurationSection)
  /// Its numbers. Rollouts that diverge are in all of them.
  func scores(_ rollouts: Rollouts) -> [Score]
}
