internal import CKernels
internal import Trajectories

/// Rollouts of a readout model. All memory is taken once.
final class ReadoutPredictor: Predictor {
  private let features: any ReadoutFeatures
  /// The features' own, kept so that a step does not ask for it.
  private let surroundings: Surroundings
  private let shape: ReadoutShape
  /// By kind and level (targets, support).
  private let readouts: [[[Double]]]
  private var seen: [Double]
  private var used: [Double]
  private var change: [Double]

  let layout: StateLayout

  init(_ features: any ReadoutFeatures, _ shape: ReadoutShape, readouts: [[[Double]]]) {
    self.features = features
    surroundings = features.surroundings
    layout = surroundings.layout
    self.shape = shape
    self.readouts = readouts
    seen = Array(repeating: 0, count: shape.features)
    used = seen
    change = Array(repeating: 0, count: surroundings.embedding.count)
  }

  func forget() { features.forget() }

  func observe(_ state: State<Float>) { state.values.withUnsafeBufferPointer { features.observe($0.baseAddress!) } }

  func advance(_ state: inout State<Float>) {
    precondition(
      state.values.count == layout.count, "ReadoutPredictor: made for \(layout.summary), got \(state.layout.summary)")
    state.values.withUnsafeMutableBufferPointer { values in
      features.observe(values.baseAddress!)
      let level = features.level
      for index in surroundings.kinds.indices { predict(index, level) }
      surroundings.add(change, to: values.baseAddress!)
    }
  }

  /// Writes the change of all places of a kind.
  private func predict(_ index: Int, _ level: Int) {
    let kind = surroundings.kinds[index]
    let places = surroundings.places
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
              change[channel * places + place] = holstream_dot(weights.baseAddress! + t * width, x, width)
            }
          }
        }
      }
    }
  }
}
