/// Runs a recorded tape: owns the memory of its values and gradients, allocated once here.
///
/// Inputs are copied into `values(of:)`; parameters stay in a flat buffer of the caller's, read only, which several
/// replays may share. Nothing is allocated in `forward` and `backward`, save in the first one for each node, and the
/// same numbers give the same bits. Not for two threads at once; as many replays as threads may run side by side.
// Unchecked: one thread at a time uses it, which a training sees to by giving every shard a replay of its own.
public final class TapeReplay: @unchecked Sendable {
  public let tape: Tape
  private let values: FloatBuffer
  private let gradients: FloatBuffer
  private let scratch: FloatBuffer
  private let places: UnsafeMutableBufferPointer<TapePlace>
  /// The inputs of every entry, one entry after the other, and where each begins.
  private let inputs: UnsafeMutableBufferPointer<Int>
  private let firstInput: [Int]
  /// The entries that a node is made from, in order.
  private var plans: [Int: [Int]] = [:]
  /// Of every entry the first that shares its gradient's memory, and of these in which backward pass it was cleared.
  private let owners: UnsafeMutableBufferPointer<Int>
  private let cleared: UnsafeMutableBufferPointer<Int>
  /// Number of the last backward pass.
  private var number = 0

  public init(_ tape: Tape) {
    self.tape = tape
    values = FloatBuffer(count: tape.valueCount)
    gradients = FloatBuffer(count: tape.gradientCount)
    scratch = FloatBuffer(count: tape.scratchCount)
    places = .allocate(capacity: tape.entries.count)
    _ = places.initialize(from: tape.entries.map(\.place))
    let flat = tape.entries.flatMap(\.inputs)
    inputs = .allocate(capacity: flat.count)
    _ = inputs.initialize(from: flat)
    var first: [Int] = []
    var next = 0
    for entry in tape.entries {
      first.append(next)
      next += entry.inputs.count
    }
    firstInput = first
    var owner: [Int: Int] = [:]
    owners = .allocate(capacity: tape.entries.count)
    cleared = .allocate(capacity: tape.entries.count)
    cleared.initialize(repeating: 0)
    for (k, entry) in tape.entries.enumerated() {
      var own = k
      if !entry.place.isParameter, let gradient = entry.place.gradient {
        own = owner[gradient] ?? k
        owner[gradient] = own
      }
      owners.initializeElement(at: k, to: own)
    }
    for (entry, place) in zip(tape.entries, places) {
      guard let constant = entry.operation as? ConstantLeaf else { continue }
      constant.values.withUnsafeBufferPointer {
        (values.pointer + place.value).update(from: $0.baseAddress!, count: $0.count)
      }
    }
  }

  deinit {
    places.deallocate()
    inputs.deallocate()
    owners.deallocate()
    cleared.deallocate()
  }

  /// Bytes of the arenas.
  public var byteCount: Int { (values.count + gradients.count + scratch.count) * MemoryLayout<Float>.stride }

  /// The elements of a node, row-major: to be written for an input before `forward`, read for all others after it.
  ///
  /// At the same address for as long as the replay lives. Not for parameters, which are the caller's.
  public func values(of node: Tape.Node) -> UnsafeMutableBufferPointer<Float> {
    let place = places[tape.index(of: node)]
    precondition(!place.isParameter, "TapeReplay.values: the node is a parameter, which lies in the caller's buffer")
    return UnsafeMutableBufferPointer(start: values.pointer + place.value, count: node.shape.count)
  }

  /// The derivative of what the last `backward` began from with respect to a node, zero where it does not depend on it.
  ///
  /// Not for parameters, nor for nodes that need no gradient.
  public func gradient(of node: Tape.Node) -> UnsafeBufferPointer<Float> {
    let k = tape.index(of: node)
    guard !places[k].isParameter, let gradient = places[k].gradient else {
      preconditionFailure("TapeReplay.gradient: the node is a parameter or was recorded without a gradient")
    }
    clear(k)
    return UnsafeBufferPointer(start: gradients.pointer + gradient, count: node.shape.count)
  }

  /// Computes a node and all that it is made from, or the whole tape.
  ///
  /// - Parameter parameters: `tape.parameterCount` floats.
  public func forward(parameters: UnsafePointer<Float>, to node: Tape.Node? = nil) {
    var pass = pass(parameters, nil)
    guard let node else {
      for k in tape.entries.indices { step(k, &pass).forward(pass) }
      return
    }
    for k in plan(node) { step(k, &pass).forward(pass) }
  }

  /// The gradient of seed · Σ node, usually of a loss of one element, after `forward` with the same parameters.
  ///
  /// - Parameters:
  ///   - parameters: As in `forward`.
  ///   - gradients: As many floats; the parameters' gradient is *added* to them. Nil where only the inputs' is wanted.
  public func backward(
    from node: Tape.Node, seed: Float = 1, parameters: UnsafePointer<Float>, gradients: UnsafeMutablePointer<Float>?
  ) {
    start(node).update(repeating: seed)
    run(node, parameters, gradients)
  }

  /// The gradient of Σ seeds · node: one product with the transposed Jacobian.
  ///
  /// - Parameter seeds: As many floats as the node has.
  public func backward(
    from node: Tape.Node, seeds: UnsafePointer<Float>, parameters: UnsafePointer<Float>,
    gradients: UnsafeMutablePointer<Float>?
  ) {
    start(node).baseAddress!.update(from: seeds, count: node.shape.count)
    run(node, parameters, gradients)
  }

  /// Begins a backward pass and gives the place of the node's gradient, which is to be written.
  private func start(_ node: Tape.Node) -> UnsafeMutableBufferPointer<Float> {
    number += 1
    return UnsafeMutableBufferPointer(mutating: gradient(of: node))
  }

  /// Sets an entry's gradient to zero where this pass has not done so yet: shortly before it is added to, so that it is
  /// in the cache, and only where the pass comes by.
  private func clear(_ k: Int) {
    let place = places[k]
    guard !place.isParameter, let gradient = place.gradient, cleared[owners[k]] != number else { return }
    cleared[owners[k]] = number
    (gradients.pointer + gradient).update(repeating: 0, count: tape.entries[k].shape.count)
  }

  private func run(
    _ node: Tape.Node, _ parameters: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>?
  ) {
    var pass = pass(parameters, gradients)
    for k in plan(node).reversed() where places[k].needsGradient {
      for input in tape.entries[k].inputs { clear(input) }
      step(k, &pass).backward(pass)
    }
  }

  private func pass(_ parameters: UnsafePointer<Float>, _ parameterGradients: UnsafeMutablePointer<Float>?) -> TapePass
  {
    TapePass(
      places: UnsafePointer(places.baseAddress!), values: values.pointer, gradients: gradients.pointer,
      scratch: scratch.pointer, parameters: parameters, parameterGradients: parameterGradients,
      inputs: UnsafePointer(inputs.baseAddress!), output: 0)
  }

  private func step(_ k: Int, _ pass: inout TapePass) -> any TapeOperation {
    pass.inputs = UnsafePointer(inputs.baseAddress! + firstInput[k])
    pass.output = k
    return tape.entries[k].operation
  }

  private func plan(_ node: Tape.Node) -> [Int] {
    if let known = plans[node.index] { return known }
    let needed = tape.ancestors(of: node)
    let plan = needed.indices.filter { needed[$0] }
    plans[node.index] = plan
    return plan
  }
}
