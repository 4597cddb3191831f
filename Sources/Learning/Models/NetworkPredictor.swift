internal import CKernels
internal import Tensors

/// A rollout of a network: all memory is allocated once.
public final class NetworkPredictor: Predictor {
  public let sites: Int
  private let planes: Planes
  private let networks: [ResidualNetwork]
  private let values: FloatBuffer
  private let packed: FloatBuffer
  private let tape: FloatBuffer
  private let scratch: FloatBuffer
  /// Time derivatives between the two networks of PARC, (2L² + 2L).
  private let rates: FloatBuffer
  private let crew: Crew?
  private let isProjected: Bool

  init(_ model: NetworkModel, sites: Int, workers: Int) {
    self.sites = sites
    isProjected = model.configuration.constraint == .projection
    planes = Planes(fastestFor: sites)
    networks = ResidualNetwork.networks(of: model.configuration, order: planes.order)
    values = FloatBuffer(count: model.parameters.count)
    values.assign(model.parameters)
    packed = FloatBuffer(count: networks.map(\.packedCount).reduce(0, +))
    let isShared = workers > 1 && ForwardPass.isShared(networks[0])
    crew = isShared ? Crew(count: workers) : nil
    tape = FloatBuffer(count: networks[0].tapeCount(planes))
    scratch = FloatBuffer(count: networks[0].forwardScratchCount(planes, workers: isShared ? workers : 1))
    rates = FloatBuffer(count: SurrogateState.size(sites: sites))
    for network in networks { network.pack(values.pointer, into: packed.pointer, adjoints: false) }
  }

  public func advance(_ state: inout SurrogateState) {
    precondition(state.sites == sites, "NetworkPredictor: made for \(sites) sites, got \(state.sites)")
    state.values.withUnsafeMutableBufferPointer { state in advance(state.baseAddress!) }
  }

  /// The time derivative that PARC's differentiator predicts; nil for a direct model.
  public func rates(at state: SurrogateState) -> SurrogateState? {
    guard networks.count == 2 else { return nil }
    state.values.withUnsafeBufferPointer { run(0, $0.baseAddress!, add: nil, out: rates.pointer) }
    return SurrogateState(sites: sites, values: rates.array())
  }

  private func advance(_ state: UnsafeMutablePointer<Float>) {
    if networks.count == 1 {
      run(0, state, add: state, out: state)
    } else {
      run(0, state, add: nil, out: rates.pointer)
      run(1, rates.pointer, add: state, out: state)
    }
    if isProjected { ProjectedModel.project(state, sites: sites, trace: Float(sites) / 2) }
  }

  private func run(
    _ index: Int, _ input: UnsafePointer<Float>, add: UnsafePointer<Float>?, out: UnsafeMutablePointer<Float>
  ) {
    networks[index].forward(
      input, values: values.pointer, packed: packed.pointer, masks: nil, planes: planes, memory: tape.pointer,
      scratch: scratch.pointer, add: add, out: out, crew: crew)
  }
}
