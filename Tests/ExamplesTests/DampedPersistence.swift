import Learning
import Trajectories

/// A model in closed form: every number relaxes towards its mean over the training data.
///
/// u' = m + e^(−r) (u − m), with m and r from the data: r the least-squares rate of all numbers together.
struct DampedPersistence: SurrogateModel {
  let layout: StateLayout?
  private let mean: [Float]
  private let factor: Float

  init(fitting windows: [TrainingWindow]) throws {
    guard let layout = windows.first?.layout else { throw LearningError(.invalidData, "there are no windows") }
    self.layout = layout
    var mean = [Double](repeating: 0, count: layout.count)
    let frames = windows.reduce(0) { $0 + $1.steps + 1 }
    for window in windows {
      for (k, value) in window.values.enumerated() { mean[k % layout.count] += Double(value) / Double(frames) }
    }
    var (products, squares) = (0.0, 0.0)
    for window in windows {
      for k in 0..<(window.steps * layout.count) {
        let m = mean[k % layout.count]
        products += (Double(window.values[k]) - m) * (Double(window.values[k + layout.count]) - m)
        squares += (Double(window.values[k]) - m) * (Double(window.values[k]) - m)
      }
    }
    self.mean = mean.map { Float($0) }
    factor = squares > 0 ? Float(products / squares) : 1
  }

  var summary: String { "damped persistence, factor \(factor)" }

  func predictor(for layout: StateLayout) throws -> any Predictor {
    guard layout.count == mean.count else {
      throw LearningError(.invalidData, "fitted to states of \(mean.count) numbers, not \(layout.count)")
    }
    return Rollout(layout: layout, mean: mean, factor: factor)
  }

  func safetensors() throws -> Safetensors {
    Safetensors(tensors: ["mean": .init(mean, shape: [mean.count]), "factor": .init([factor], shape: [])])
  }

  private final class Rollout: Predictor {
    let layout: StateLayout
    private let mean: [Float]
    private let factor: Float

    init(layout: StateLayout, mean: [Float], factor: Float) {
      self.layout = layout
      self.mean = mean
      self.factor = factor
    }

    func advance(_ state: inout State<Float>) {
      for k in mean.indices { state.values[k] = mean[k] + factor * (state.values[k] - mean[k]) }
    }
  }
}
