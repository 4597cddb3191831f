internal import Trajectories

/// Rollouts of a readout model. All memory is taken once.
final class ReadoutPredictor: Predictor {
  private let features: any ReadoutFeatures
  private let shape: ReadoutShape
  /// By kind and level (targets, support).
  private let readouts: [[[Double]]]
  private var seen: [Double]
  private var used: [Double]
  private var change: [Double]

  var layout: StateLayout { features.surroundings.layout }

  init(_ features: any ReadoutFeatures, _ shape: ReadoutShape, readouts: [[[Double]]]) {
    self.features = features
    self.shape = shape
    self.readouts = readouts
    seen = Array(repeating: 0, count: shape.features)
    used = seen
    change = Array(repeating: 0, count: features.surroundings.embedding.count)
  }

  func forget() { features.forget() }

  func observe(_ state: State<Float>) { state.values.withUnsafeBufferPointer { features.observe($0.baseAddress!) } }

  func advance(_ state: inout State<Float>) {
    precondition(
      state.values.count == layout.count, "ReadoutPredictor: made for \(layout.summary), got \(state.layout.summary)")
    state.values.withUnsafeMutableBufferPointer { values in
      features.observe(values.baseAddress!)
      let level = features.level
      for index in features.surroundings.kinds.indices { predict(index, level) }
      features.surroundings.add(change, to: values.baseAddress!)
    }
  }

  /// Writes the change of all places of a kind.
  private func predict(_ index: Int, _ level: Int) {
    let kind = features.surroundings.kinds[index]
    let places = features.surroundings.places
    let isWhole = level == shape.levels - 1
    seen.withUnsafeMutableBufferPointer { seen in
      used.withUnsafeMutableBufferPointer { used in
        readouts[index][level].withUnsafeBufferPointer { weights in
          for place in kind.places {
            features.write(place, to: seen.baseAddress!)
            let x: UnsafeMutablePointer<Double>
            if isWhole {
              x = seen.baseAddress!
            } else {
              x = used.baseAddress!
              for (k, feature) in shape.supports[level].enumerated() { x[k] = seen[feature] }
            }
            let width = shape.supports[level].count
            for (t, channel) in kind.targets.enumerated() {
              change[channel * places + place] = Readout.dot(weights.baseAddress! + t * width, x, width)
            }
          }
        }
      }
    }
  }
}

enum Readout {
  /// Σ a b, in a fixed order: eight sums side by side, then their sum, then the rest.
  static func dot(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
    var sums = SIMD8<Double>(repeating: 0)
    let (left, right) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
    let whole = count & ~7
    var k = 0
    while k < whole {
      sums +=
        left.loadUnaligned(fromByteOffset: 8 * k, as: SIMD8<Double>.self)
        * right.loadUnaligned(fromByteOffset: 8 * k, as: SIMD8<Double>.self)
      k += 8
    }
    var sum = sums.sum()
    while k < count {
      sum += a[k] * b[k]
      k += 1
    }
    return sum
  }
}
