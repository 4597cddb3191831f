internal import Foundation
public import Trajectories

/// Structure factors on a ring or a square lattice, averaged over frames in one pass.
///
/// S(k) = ⟨|Σ_j (x_j − x̄) e^(−ik·j)|²⟩ / N of named numbers on the N sites, x̄ the mean over the sites. On a ring
/// k = 2πm/N, m = 0 … N/2; on a lattice of R rows and C columns k = 2π(m/R, n/C), m = 0 … R − 1, n = 0 … C/2. An
/// alternating order is at the largest k, where S is N times its square.
public struct StructureFactor: Sendable, Equatable {
  public private(set) var frames = 0
  /// By name: (N/2 + 1), or (R, C/2 + 1) one row behind the other.
  public private(set) var factors: [String: [Double]] = [:]

  public init() {}

  /// Frames that are not finite, of another size or with other names than the first, are passed over.
  /// - Parameters: numbers on every site of the domain, by name, in its order.
  public mutating func add(_ sites: [String: [Double]], on domain: Domain) {
    guard let count = domain.sites, !sites.isEmpty,
      sites.values.allSatisfy({ $0.count == count && $0.allSatisfy(\.isFinite) })
    else { return }
    let new = sites.mapValues { values -> [Double] in
      switch domain {
      case .none: []
      case .ring: Self.ring(values)
      case .square(let rows, let columns): Self.square(values, rows, columns)
      }
    }
    guard new.values.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { return }
    if factors.isEmpty { factors = new.mapValues { $0.map { _ in 0 } } }
    guard isLike(new) else { return }
    frames += 1
    for (name, values) in new {
      for k in values.indices { factors[name]![k] += (values[k] - factors[name]![k]) / Double(frames) }
    }
  }

  /// Adds the frames of another average.
  public mutating func merge(_ other: StructureFactor) {
    guard other.frames > 0 else { return }
    guard frames > 0 else {
      self = other
      return
    }
    guard isLike(other.factors) else { return }
    let share = Double(other.frames) / Double(frames + other.frames)
    for (name, values) in other.factors {
      for k in values.indices { factors[name]![k] += share * (values[k] - factors[name]![k]) }
    }
    frames += other.frames
  }

  private func isLike(_ other: [String: [Double]]) -> Bool {
    other.count == factors.count && other.allSatisfy { factors[$0.key]?.count == $0.value.count }
  }

  private static func ring(_ values: [Double]) -> [Double] {
    let L = values.count
    let mean = values.reduce(0) { $0 + $1 } / Double(L)
    let deviations = values.map { $0 - mean }
    // e^{−ika} takes L values only.
    let angles = (0..<L).map { 2 * .pi * Double($0) / Double(L) }
    let (cosines, sines) = (angles.map { cos($0) }, angles.map { sin($0) })
    return (0...(L / 2)).map { m in
      var re = 0.0
      var im = 0.0
      for a in 0..<L {
        re += cosines[m * a % L] * deviations[a]
        im -= sines[m * a % L] * deviations[a]
      }
      return (re * re + im * im) / Double(L)
    }
  }

  private static func square(_ values: [Double], _ rows: Int, _ columns: Int) -> [Double] {
    let mean = values.reduce(0, +) / Double(values.count)
    var re = values.map { $0 - mean }
    var im = [Double](repeating: 0, count: values.count)
    FourierTransform.transform(&re, &im, rows: rows, columns: columns)
    return (0..<rows).flatMap { row in
      (0...(columns / 2)).map { column in
        let k = row * columns + column
        return (re[k] * re[k] + im[k] * im[k]) / Double(values.count)
      }
    }
  }
}

/// In JSON `frames`, and beside it each factor by its name.
extension StructureFactor: Codable {
  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    frames = try container.decode(Int.self, forKey: Key("frames"))
    for key in container.allKeys where key.stringValue != "frames" {
      factors[key.stringValue] = try container.decode([Double].self, forKey: key)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(frames, forKey: Key("frames"))
    for (name, values) in factors { try container.encode(values, forKey: Key(name)) }
  }
}
