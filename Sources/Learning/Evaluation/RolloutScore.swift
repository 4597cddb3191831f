public import Trajectories

/// How far rollouts of a model are from the truth: the validation of the published program.
///
/// From every start in every window the model is rolled out; root mean squares run over starts, steps and entries, with
/// the complex modulus of complex ones. Lower is better; a model is worth something when it beats `Persistence`.
public struct RolloutScore: Sendable, Equatable {
  /// The root-mean-square error of a field or of an observable.
  public struct Term: Codable, Sendable, Equatable {
    public var name: String
    public var value: Double

    public init(name: String, value: Double) {
      self.name = name
      self.value = value
    }
  }

  /// Steps of each rollout.
  public var steps: Int
  /// Rollouts scored.
  public var rollouts: Int
  /// Of the fields that evolve, in their order.
  public var fields: [Term]
  /// Of the observables that were asked for, in their order.
  public var observables: [Term]
  /// Rollouts with a number that is not finite. They count as infinite errors, and are not left out.
  public var diverged: Int

  /// The published total: the fields' errors added.
  public var total: Double { fields.dropFirst().reduce(fields.first?.value ?? 0) { $0 + $1.value } }
  /// The published total of the order parameters: the observables' errors added.
  public var observableTotal: Double {
    observables.dropFirst().reduce(observables.first?.value ?? 0) { $0 + $1.value }
  }

  /// The error of a field or, where there is no such field, of an observable.
  public subscript(name: String) -> Double? { (fields + observables).first { $0.name == name }?.value }

  /// - Parameters:
  ///   - windows: Held-out data, that training has not seen; all of the same fields, of whatever size.
  ///   - steps: Length of each rollout; windows that are shorter are left out.
  ///   - warmUp: Frames that models with memory are shown before each rollout.
  ///   - observables: What is computed from states and compared beside the fields.
  /// - Throws: `LearningError` of code `invalidData` when no window is long enough, and whatever the model throws.
  public init(
    of model: any SurrogateModel, on windows: some Sequence<TrainingWindow>, steps: Int, warmUp: Int = 0,
    observables: [Observable] = []
  ) throws {
    var sums: [Double] = []
    var counts: [Double] = []
    var others = [Double](repeating: 0, count: observables.count)
    var names: [String] = []
    self.steps = steps
    rollouts = 0
    diverged = 0
    for window in windows where window.steps >= steps + warmUp {
      let layout = window.layout
      let prognostic = zip(layout.fields, layout.ranges).filter { $0.0.role == .prognostic }
      if names.isEmpty {
        names = prognostic.map { $0.0.name }
        sums = Array(repeating: 0, count: names.count)
        counts = sums
      }
      guard prognostic.map({ $0.0.name }) == names else {
        throw LearningError(.invalidData, "windows of \(layout.summary) cannot be scored with windows of other fields")
      }
      for start in warmUp...(window.steps - steps) {
        let predictor = try model.predictor(for: layout)
        for step in (start - warmUp)..<start { predictor.observe(window.state(step)) }
        var state = window.state(start)
        for step in 1...steps {
          predictor.advance(&state)
          let at = (start + step) * layout.count
          for (index, (_, range)) in prognostic.enumerated() {
            for k in range {
              let error = Double(state.values[k] - window.values[at + k])
              sums[index] += error * error
            }
          }
          guard !observables.isEmpty else { continue }
          let (predicted, truth) = (state.double, window.state(start + step).double)
          for (index, observable) in observables.enumerated() {
            let error = observable.value(predicted) - observable.value(truth)
            others[index] += error * error
          }
        }
        if !state.values.allSatisfy(\.isFinite) { diverged += 1 }
        rollouts += 1
        for (index, (field, _)) in prognostic.enumerated() { counts[index] += Double(steps * field.elements) }
      }
    }
    guard rollouts > 0 else {
      throw LearningError(
        .invalidData, "no held-out window has \(steps + warmUp) steps; make longer windows or score shorter rollouts")
    }
    func root(_ sum: Double, _ count: Double) -> Double { sum.isFinite ? (sum / count).squareRoot() : .infinity }
    fields = names.indices.map { Term(name: names[$0], value: root(sums[$0], counts[$0])) }
    let states = Double(rollouts * steps)
    self.observables = zip(observables, others).map { Term(name: $0.name, value: root($1, states)) }
  }
}
