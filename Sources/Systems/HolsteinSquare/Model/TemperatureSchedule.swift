internal import Settings
internal import Trajectories

/// T(t) of the bath and the electrons: time 0 is the first frame.
public enum TemperatureSchedule: Sendable, Equatable {
  /// What the parameters say.
  case constant
  /// The parameters' until `start`, then linearly to `target` within `duration`.
  case ramp(to: Double, start: Double, duration: Double)
  /// Straight lines between points, the first and last value before and after them.
  case points([Point])

  public struct Point: Sendable, Equatable {
    public var time: Double
    public var temperature: Double

    public init(time: Double, temperature: Double) {
      self.time = time
      self.temperature = temperature
    }
  }

  public func temperature(at time: Double, from own: Double) -> Double {
    switch self {
    case .constant: return own
    case .ramp(let target, let start, let duration):
      return own + (target - own) * min(max((time - start) / duration, 0), 1)
    case .points(let points):
      guard let next = points.firstIndex(where: { $0.time > time }) else { return points.last?.temperature ?? own }
      guard next > 0 else { return points[0].temperature }
      let (a, b) = (points[next - 1], points[next])
      return a.temperature + (b.temperature - a.temperature) * (time - a.time) / (b.time - a.time)
    }
  }

  /// - Throws: `SystemError` for temperatures that are not above 0, and for times out of order.
  public func validate() throws(SystemError) {
    func check(_ isSound: Bool, _ message: String) throws(SystemError) {
      guard isSound else { throw SystemError(.invalidParameter, message, key: "schedule") }
    }
    func isWarm(_ temperature: Double) -> Bool { temperature >= SquareParameters.coldest && temperature <= 1e3 }
    switch self {
    case .constant: break
    case .ramp(let target, let start, let duration):
      try check(
        isWarm(target) && abs(start) <= 1e9 && duration >= 1e-9 && duration <= 1e9,
        "a ramp of the temperature needs an end from \(SquareParameters.coldest) to 1000 and a duration above 0, got \(target) in \(duration)"
      )
    case .points(let points):
      let times = points.map(\.time)
      try check(
        !points.isEmpty && points.allSatisfy { isWarm($0.temperature) && abs($0.time) <= 1e9 }
          && zip(times, times.dropFirst()).allSatisfy { $0 < $1 },
        "the points of a temperature need values from \(SquareParameters.coldest) to 1000 and rising times, got \(times)"
      )
    }
  }
}

extension TemperatureSchedule {
  private enum Shape: String, CaseIterable { case constant, ramp, points }

  /// Reads the keys of a schedule; what is wrong is reported to the section, and the temperature then stays.
  init(_ section: ConfigurationSection) {
    let shape = section.choice(
      "shape", default: "constant", among: Shape.allCases.map { ($0.rawValue, $0) }, "How the temperature changes")
    let target = section.number("to", default: 0.1, "Temperature at the end of a ramp")
    let start = section.number("start", default: 0, "Time at which a ramp begins")
    let duration = section.number("duration", default: 10, "Length of a ramp")
    let points = section.list("points", "Corners of straight lines: { time, temperature }") { point in
      Point(
        time: point.number("time", default: 0, "Time"),
        temperature: point.number("temperature", default: 0.1, "Temperature"))
    }
    let schedule: TemperatureSchedule =
      switch shape {
      case .constant: .constant
      case .ramp: .ramp(to: target, start: start, duration: duration)
      case .points: .points(points ?? [])
      }
    do {
      try schedule.validate()
      self = schedule
    } catch {
      section.problem(error.message)
      self = .constant
    }
  }

  /// As settings spell it: a shape and its numbers.
  var attribute: Attribute {
    switch self {
    case .constant: .object(["shape": "constant"])
    case .ramp(let target, let start, let duration):
      .object(["shape": "ramp", "to": .number(target), "start": .number(start), "duration": .number(duration)])
    case .points(let points):
      .object([
        "shape": "points",
        "points": .list(
          points.map { .object(["time": .number($0.time), "temperature": .number($0.temperature)]) }),
      ])
    }
  }

  /// The inverse; nil for what is no schedule, or says more than one.
  init?(_ attribute: Attribute) {
    guard let object = attribute.object, let shape = object["shape"]?.text else { return nil }
    switch shape {
    case "constant" where object.count == 1: self = .constant
    case "ramp":
      guard let target = object["to"]?.number, let start = object["start"]?.number,
        let duration = object["duration"]?.number, object.count == 4
      else { return nil }
      self = .ramp(to: target, start: start, duration: duration)
    case "points":
      guard let list = object["points"]?.list, object.count == 2 else { return nil }
      let points = list.compactMap { point -> Point? in
        guard let time = point["time"]?.number, let temperature = point["temperature"]?.number,
          point.object?.count == 2
        else { return nil }
        return Point(time: time, temperature: temperature)
      }
      guard points.count == list.count else { return nil }
      self = .points(points)
    default: return nil
    }
  }
}
