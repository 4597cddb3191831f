internal import Tensors
internal import Trajectories

/// One interval on the tape: u' = u + s_Δ E⁺ f(E u / s).
///
/// f is the network, E the embedding of the state with the channels last, E⁺ its way back, s and s_Δ the scales of state
/// and increment. Where the tendency is learned, s_Δ E⁺ f(E u / s) is du/dt times the interval, and u' follows by one step
/// of the classical method of Runge and Kutta: a neural ODE that is trained through its integrator. Parameters and
/// forcings are inputs of f and stay as they are.
struct TapeStep: Sendable {
  let embedding: StateEmbedding
  let network: any TapeNetwork
  let learns: LearningTarget
  /// (S) 1 / s.
  let inputScale: [Float]
  /// (S) s_Δ; zero for what does not evolve.
  let outputScale: [Float]
  /// (S) where each number of the state lies on planes with the channels last; nil where it stays where it is.
  private let places: [Int]?

  init(_ embedding: StateEmbedding, scales: FieldScales, learns: LearningTarget = .state, network: any TapeNetwork) {
    self.embedding = embedding
    self.network = network
    self.learns = learns
    let layout = embedding.layout
    let names = layout.fields.map(\.name)
    inputScale = StateEmbedding.spread(scales.states(names).map { 1 / $0 }, over: layout)
    outputScale = StateEmbedding.spread(
      zip(layout.fields, scales.increments(names)).map { $0.role == .prognostic ? $1 : 0 }, over: layout)
    let (plane, channels) = (embedding.planeCount, embedding.channels)
    let places = embedding.places.map { $0 % plane * channels + $0 / plane }
    self.places = places.count == embedding.count && places == Array(places.indices) ? nil : places
  }

  /// Numbers of a state, S.
  var size: Int { embedding.layout.count }

  /// The scales as the tape knows them, recorded once.
  func constants(on tape: inout Tape) -> (input: Tape.Node, output: Tape.Node) {
    (tape.constant(inputScale, shape: [size]), tape.constant(outputScale, shape: [size]))
  }

  /// Records the states (batch, S) one interval after `state`.
  func record(
    _ state: Tape.Node, _ scales: (input: Tape.Node, output: Tape.Node), masks: Tape.Node?, on tape: inout Tape
  ) -> Tape.Node {
    let first = recordChange(state, scales, masks: masks, on: &tape)
    guard learns == .tendency else { return tape.add(state, first) }
    var change = first
    var sum = first
    for (part, weight) in [(0.5, 2), (0.5, 2), (1, 1)] as [(Float, Float)] {
      change = recordChange(
        tape.add(state, tape.scale(change, by: part)), scales, masks: masks, on: &tape)
      sum = tape.add(sum, tape.scale(change, by: weight))
    }
    return tape.add(state, tape.scale(sum, by: 1 / 6))
  }

  /// Records s_Δ E⁺ f(E u / s).
  func recordChange(
    _ state: Tape.Node, _ scales: (input: Tape.Node, output: Tape.Node), masks: Tape.Node?, on tape: inout Tape
  ) -> Tape.Node {
    let batch = state.shape.axes[0]
    let shape = TensorShape([batch] + embedding.extent + [embedding.channels])
    var planes = tape.multiply(state, scales.input)
    if let places {
      planes = tape.scatter(tape.reshape(planes, to: [batch, size, 1]), places, nodes: embedding.count)
    }
    if planes.shape != shape { planes = tape.reshape(planes, to: shape) }
    var change = network.record(planes, masks: masks, on: &tape)
    if let places { change = tape.gather(tape.reshape(change, to: [batch, embedding.count, 1]), places) }
    if change.shape != state.shape { change = tape.reshape(change, to: state.shape) }
    return tape.multiply(change, scales.output)
  }
}
