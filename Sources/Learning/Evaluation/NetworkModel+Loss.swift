internal import CKernels

extension NetworkModel {
  /// The terms of the training loss on data that are not trained on: without noise, dropout and teacher forcing.
  ///
  /// - Throws: `LearningError` of code `invalidData` when a sample has not the derivatives that PARC's loss needs.
  public func loss(of batch: TrainingBatch, _ loss: LossConfiguration) throws -> LossTerms {
    let usesRates = configuration.family == .parc && loss.derivativeCoefficient != 0
    guard !usesRates || batch.samples.allSatisfy({ $0.window.rates != nil }) else {
      throw LearningError(
        .invalidData, "the loss of PARC needs the derivatives in the middle of each interval, and a window has none")
    }
    let predictor = try networkPredictor(sites: batch.sites)
    let weights = loss.stepWeights(batch.steps).map { Double($0) * Double($0) }
    let sites = Int32(batch.sites)
    var states = [0.0, 0.0, 0.0, 0.0]
    var rates = [0.0, 0.0, 0.0, 0.0]
    var found = [0.0, 0.0, 0.0, 0.0]
    func add(_ label: UnsafePointer<Float>, _ value: SurrogateState, _ weight: Double, to sums: inout [Double]) {
      for k in 0..<4 { found[k] = 0 }
      value.values.withUnsafeBufferPointer { holstream_squared_errors(sites, label, $0.baseAddress!, &found) }
      for k in 0..<4 { sums[k] += weight * found[k] }
    }
    for sample in batch.samples {
      let window = sample.window
      var state = window.state(sample.offset)
      for step in 0..<batch.steps {
        let at = (sample.offset + step) * window.stateSize
        if usesRates, let predicted = predictor.rates(at: state) {
          window.rates?.withUnsafeBufferPointer { add($0.baseAddress! + at, predicted, weights[step], to: &rates) }
        }
        predictor.advance(&state)
        window.values.withUnsafeBufferPointer {
          add($0.baseAddress! + at + window.stateSize, state, weights[step], to: &states)
        }
      }
    }
    let rows = Double(batch.samples.count * batch.steps * batch.sites)
    return loss.terms(
      states: loss.components(states, rows: rows, sites: batch.sites).terms,
      rates: usesRates ? loss.components(rates, rows: rows, sites: batch.sites).terms : nil)
  }
}
