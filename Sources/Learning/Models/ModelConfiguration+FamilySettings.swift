public import Trajectories

/// How a family reads what is its own in a configuration.
extension ModelConfiguration {
  /// A setting of the family.
  ///
  /// - Parameter read: What it must be; nil for what it is not.
  /// - Throws: `LearningError` of code `invalidConfiguration` when it is missing or not that.
  func setting<Value>(_ name: String, _ read: (Attribute) -> Value?) throws -> Value {
    guard let value = settings[name].flatMap(read) else {
      throw LearningError(
        .invalidConfiguration, "the setting \(name) of the \(family.rawValue) is missing or not what it should be")
    }
    return value
  }

  /// - Throws: `LearningError` of code `invalidConfiguration` that names a setting which the family does not know.
  func refuseSettings(beyond known: some Sequence<String>) throws {
    if let unknown = Set(settings.keys).subtracting(known).min() {
      throw LearningError(.invalidConfiguration, "the \(family.rawValue) has no setting “\(unknown)”")
    }
  }

  /// - Throws: `LearningError` of code `checkpointMismatch` when a model of this configuration has another number of them.
  func check(_ parameters: [Float], of layout: ParameterLayout) throws {
    guard parameters.count == layout.count else {
      throw LearningError(
        .checkpointMismatch, "the configuration has \(layout.count) parameters, \(parameters.count) were given")
    }
  }

  /// The same for states of this layout, an interval apart: what the data alone say.
  public func with(layout: StateLayout, interval: Double) -> ModelConfiguration {
    var configuration = self
    configuration.layout = layout
    // A model of the next state is none of the interval's.
    if learns != .state { configuration.interval = interval }
    return configuration
  }
}
