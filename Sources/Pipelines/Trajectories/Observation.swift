public import Trajectories

/// Named numbers of one instant of one trajectory.
public struct Observation: Sendable, Equatable {
  public var trajectory: Int
  public var index: Int
  public var time: Double
  public var names: [String]
  public var values: [Double]

  /// What is observed of a frame.
  public init(_ frame: Frame, _ observables: [Observable]) {
    self.init(
      trajectory: frame.trajectory, index: frame.index, time: frame.time, names: observables.map(\.name),
      values: observables.map { $0.value(frame.state) })
  }

  public init(trajectory: Int, index: Int, time: Double, names: [String], values: [Double]) {
    self.trajectory = trajectory
    self.index = index
    self.time = time
    self.names = names
    self.values = values
  }

  var byName: [String: Double] { Dictionary(zip(names, values)) { first, _ in first } }
}

/// One flat line: trajectory, frame, time, and a key for each number. Numbers that are not finite are written as null.
extension Observation: Encodable {
  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }

  public func encode(to encoder: any Encoder) throws {
    var line = encoder.container(keyedBy: Key.self)
    try line.encode(trajectory, forKey: Key("trajectory"))
    try line.encode(index, forKey: Key("frame"))
    try line.encode(time, forKey: Key("time"))
    for (name, value) in zip(names, values) { try line.encode(value.isFinite ? value : nil, forKey: Key(name)) }
  }
}
