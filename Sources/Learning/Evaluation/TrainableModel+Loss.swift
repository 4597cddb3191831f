internal import Trajectories

extension TrainableModel {
  /// The terms of the training loss on data that are not trained on: without noise, dropout and teacher forcing.
  ///
  /// A model with memory is shown the frames of the window before the sample.
  /// - Throws: `LearningError` of code `invalidData` when a sample has not the derivatives that the loss needs.
  public func loss(of batch: TrainingBatch, _ loss: LossConfiguration) throws -> LossTerms {
    let usesTendencies = Self.needsTendencies(configuration, loss)
    guard !usesTendencies || batch.samples.allSatisfy({ $0.window.tendencies != nil }) else {
      throw LearningError(
        .invalidData,
        "the loss of the \(configuration.family.rawValue) needs the time derivatives in each interval, and a window has "
          + "none")
    }
    let predictor = try predictor(for: batch.layout)
    let partition = loss.partition(batch.layout)
    let weights = loss.stepWeights(batch.steps).map { Double($0) * Double($0) }
    let size = batch.layout.count
    var states = [Double](repeating: 0, count: partition.sums)
    var tendencies = states
    func add(_ labels: [Float], at place: Int, _ value: State<Float>, _ weight: Double, to sums: inout [Double]) {
      labels.withUnsafeBufferPointer { labels in
        value.values.withUnsafeBufferPointer {
          partition.addSquares(labels.baseAddress! + place, $0.baseAddress!, weight: weight, to: &sums)
        }
      }
    }
    for sample in batch.samples {
      let window = sample.window
      if memory > 0 {
        predictor.forget()
        for earlier in max(0, sample.offset - memory)..<sample.offset { predictor.observe(window.state(earlier)) }
      }
      var state = window.state(sample.offset)
      for step in 0..<batch.steps {
        let at = (sample.offset + step) * size
        if usesTendencies, let labels = window.tendencies, let predicted = predictor.tendency(at: state) {
          add(labels, at: at, predicted, weights[step], to: &tendencies)
        }
        predictor.advance(&state)
        add(window.values, at: at + size, state, weights[step], to: &states)
      }
    }
    let count = batch.samples.count * batch.steps
    return LossTerms(
      state: partition.terms(states, states: count).terms,
      tendency: usesTendencies ? partition.terms(tendencies, states: count).terms : nil,
      weight: loss.derivativeCoefficient)
  }
}
