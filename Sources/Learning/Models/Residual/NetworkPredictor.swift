internal import CKernels
internal import Tensors
public import Trajectories

/// A rollout of a network: all memory is allocated once.
public final class NetworkPredictor: Predictor {
  public let layout: StateLayout
  private let sites: Int
  private let planes: Planes
  private let networks: [ResidualNetwork]
  /// Shared with the model.
  private let parameters: [Float]
  private let packed: FloatBuffer
  private let tape: FloatBuffer
  private let scratch: FloatBuffer
  /// Time derivatives between the two networks of PARC, (S).
  private let tendencies: FloatBuffer
  private let crew: Crew?
  private let constraint: MatrixConstraint?
  private let constraintScratch: FloatBuffer

  init(_ model: NetworkModel, layout: StateLayout, workers: Int) throws {
    sites = try NetworkModel.sites(of: layout, model.configuration)
    self.layout = layout
    constraint = MatrixConstraint(model.configuration.constraint, sites: sites)
    constraintScratch = FloatBuffer(count: constraint?.scratchCount ?? 0)
    planes = Planes(fastestFor: sites)
    networks = try ResidualNetwork.networks(
      of: model.configuration, fields: layout.fields.map(\.name), order: planes.order, hasAdjoints: false)
    parameters = model.parameters
    packed = FloatBuffer(count: networks.map(\.packedCount).reduce(0, +))
    let isShared = workers > 1 && ForwardPass.isShared(networks[0])
    crew = isShared ? Crew(count: workers) : nil
    tape = FloatBuffer(count: networks[0].tapeCount(planes))
    scratch = FloatBuffer(count: networks[0].forwardScratchCount(planes, workers: isShared ? workers : 1))
    tendencies = FloatBuffer(count: layout.count)
    parameters.withUnsafeBufferPointer { values in
      for network in networks { network.pack(values.baseAddress!, into: packed.pointer) }
    }
  }

  public func advance(_ state: inout State<Float>) {
    precondition(
      state.values.count == layout.count, "NetworkPredictor: made for \(layout.summary), got \(state.layout.summary)")
    state.values.withUnsafeMutableBufferPointer { state in advance(state.baseAddress!) }
  }

  /// The time derivative that PARC's differentiator predicts; nil for a direct model.
  public func tendency(at state: State<Float>) -> State<Float>? {
    guard networks.count == 2 else { return nil }
    state.values.withUnsafeBufferPointer { run(0, $0.baseAddress!, add: nil, out: tendencies.pointer) }
    return State(layout, tendencies.array())
  }

  private func advance(_ state: UnsafeMutablePointer<Float>) {
    if networks.count == 1 {
      run(0, state, add: state, out: state)
    } else {
      run(0, state, add: nil, out: tendencies.pointer)
      run(1, tendencies.pointer, add: state, out: state)
    }
    constraint?.apply(state, record: nil, scratch: constraintScratch.pointer)
  }

  private func run(
    _ index: Int, _ input: UnsafePointer<Float>, add: UnsafePointer<Float>?, out: UnsafeMutablePointer<Float>
  ) {
    parameters.withUnsafeBufferPointer { values in
      networks[index].forward(
        input, values: values.baseAddress!, packed: packed.pointer, masks: nil, planes: planes, memory: tape.pointer,
        scratch: scratch.pointer, add: add, out: out, crew: crew)
    }
  }
}
