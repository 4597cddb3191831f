internal import Settings
internal import Trajectories

/// How the states of an autonomous system are sampled: its step, and which states become frames.
public struct Sampling: Sendable, Equatable {
  /// Time of one step.
  public var dt: Double
  /// Steps between frames.
  public var saveEvery: Int
  /// Steps before the first frame.
  public var transient: Int
  /// Whether frames carry the state half an interval before.
  public var midInterval: Bool

  public init(dt: Double, saveEvery: Int, transient: Int = 1000, midInterval: Bool = false) {
    self.dt = dt
    self.saveEvery = saveEvery
    self.transient = transient
    self.midInterval = midInterval
  }

  static let keys: Set = ["dt", "every", "transient", "mid_interval", "frame_interval"]

  /// Reads the keys; what is wrong is reported to the section, and `fallback` then stays.
  init(_ section: ConfigurationSection, fallback: Sampling) {
    dt = section.number("dt", default: fallback.dt, in: 1e-6...1, "Time step")
    saveEvery = section.integer("every", default: fallback.saveEvery, in: 1...1_000_000, "Steps between frames")
    transient = section.integer(
      "transient", default: fallback.transient, in: 0...1_000_000_000, "Steps before the first frame")
    midInterval = section.flag("mid-interval", default: false, "Frames carry the state half an interval before")
    do { try validate() } catch {
      section.problem(error.message, key: error.key ?? "dt")
      self = fallback
    }
  }

  /// - Throws: `SystemError` naming a key that is missing or makes no sense.
  init(_ reader: AttributeReader, mostStep: Double = 1) throws(SystemError) {
    dt = try reader.number("dt", in: 1e-9...mostStep)
    saveEvery = try reader.integer("every", in: 1...1_000_000_000)
    transient = try reader.integer("transient", in: 0...1_000_000_000)
    midInterval = try reader.flag("mid_interval")
    try validate(mostStep: mostStep)
  }

  var attributes: [String: Attribute] {
    [
      "dt": .number(dt), "every": .number(Double(saveEvery)), "transient": .number(Double(transient)),
      "mid_interval": .flag(midInterval), "frame_interval": .number(dt * Double(saveEvery)),
    ]
  }

  /// - Parameter mostStep: The longest step that makes sense in the system's unit of time.
  /// - Throws: `SystemError` naming the value and what it should be.
  func validate(mostStep: Double = 1) throws(SystemError) {
    guard dt >= 1e-9, dt <= mostStep else {
      let most = mostStep == 1 ? "1" : "\(mostStep)"
      throw SystemError(.invalidParameter, "the time step must be from 1e-9 to \(most), got \(dt)", key: "dt")
    }
    guard (1...1_000_000_000).contains(saveEvery) else {
      throw SystemError(
        .invalidParameter, "frames must be saved every 1 to 1000000000 steps, got \(saveEvery)", key: "every")
    }
    guard (0...1_000_000_000).contains(transient) else {
      throw SystemError(
        .invalidParameter, "the steps before the first frame must be 0 to 1000000000, got \(transient)",
        key: "transient")
    }
    guard !midInterval || saveEvery % 2 == 0 else {
      throw SystemError(
        .invalidParameter, "mid-interval states need an even number of steps between frames, got \(saveEvery)",
        key: "mid-interval")
    }
  }

  /// With other steps; the first frame stays at its time as nearly as steps allow.
  /// - Throws: `SystemError` for steps that cannot be.
  func with(dt: Double, saveEvery: Int, midInterval: Bool, mostStep: Double = 1) throws(SystemError) -> Sampling {
    var other = Sampling(dt: dt, saveEvery: saveEvery, transient: 0, midInterval: midInterval)
    try other.validate(mostStep: mostStep)
    other.transient = Int(min((Double(transient) * self.dt / dt).rounded(), 2e9))
    try other.validate(mostStep: mostStep)
    return other
  }
}
