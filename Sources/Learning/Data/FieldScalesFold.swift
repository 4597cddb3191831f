internal import Trajectories

/// Gathers `FieldScales` from windows; two folds over different data merge exactly, in any order.
public struct FieldScalesFold: Codable, Sendable, Equatable {
  public private(set) var scales = FieldScales()
  public private(set) var windows = 0

  private enum CodingKeys: String, CodingKey {
    case scales = "scalars"
    case windows
  }

  public init() {}

  public mutating func add(_ window: TrainingWindow) {
    let size = window.layout.count
    for (field, range) in zip(window.layout.fields, window.layout.ranges) {
      var found = FieldScale(state: 0, tendency: 0, increment: 0)
      window.values.withUnsafeBufferPointer { values in
        for frame in 0...window.steps {
          let at = frame * size
          for k in range { found.state = max(found.state, abs(values[at + k])) }
          guard frame > 0 else { continue }
          for k in range { found.increment = max(found.increment, abs(values[at + k] - values[at - size + k])) }
        }
      }
      window.tendencies?.withUnsafeBufferPointer { values in
        for step in 0..<window.steps {
          for k in range { found.tendency = max(found.tendency, abs(values[step * size + k])) }
        }
      }
      scales[field.name] = scales.fields[field.name].map { $0.union(found) } ?? found
    }
    windows += 1
  }

  public mutating func merge(_ other: FieldScalesFold) {
    scales = scales.union(other.scales)
    windows += other.windows
  }

  /// The scales, with 1 where the data gave none (derivatives that no window carried).
  public var result: FieldScales {
    FieldScales(scales.fields.mapValues { $0.map { $0.isFinite && $0 > 0 ? $0 : 1 } })
  }
}
