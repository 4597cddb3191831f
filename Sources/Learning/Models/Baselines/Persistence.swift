public import Trajectories

extension ModelFamily {
  /// Nothing changes.
  public static let persistence = ModelFamily(rawValue: "persistence")
}

/// The baseline that every model must beat: nothing changes.
public struct Persistence: SurrogateModel {
  public init() {}

  init(_ file: Safetensors) throws {
    try file.refuseUnknown(keys: [ModelFileKey.family], tensors: { _ in false }, name: "the file")
  }

  public var summary: String { "persistence" }

  /// Nil: it has learned nothing.
  public var layout: StateLayout? { nil }

  public func predictor(for layout: StateLayout) throws -> any Predictor { Rollout(layout) }

  public func safetensors() throws -> Safetensors {
    Safetensors(metadata: [ModelFileKey.family: ModelFamily.persistence.rawValue])
  }

  private final class Rollout: Predictor {
    let layout: StateLayout
    init(_ layout: StateLayout) { self.layout = layout }
    func advance(_ state: inout State<Float>) {}
  }
}
