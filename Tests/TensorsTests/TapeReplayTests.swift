import Foundation
import Testing

@testable import Tensors

struct TapeReplayTests {
  /// A perceptron, a convolution and a graph in one, with all that allocates in other libraries.
  static func record() -> (tape: Tape, x: Tape.Node, loss: Tape.Node) {
    var tape = Tape()
    let x = tape.input([4, 16, 8])
    var h = tape.tanh(tape.convolve(x, tape.parameter(offset: 0, shape: [3, 8, 32])))
    h = tape.layerNorm(
      h, gamma: tape.parameter(offset: 768, shape: [32]), beta: tape.parameter(offset: 800, shape: [32]))
    h = tape.gather(h, (0..<16).map { ($0 + 1) % 16 })
    h = tape.scatter(tape.gelu(h), (0..<16).map { $0 / 2 }, nodes: 8, mean: true)
    let y = tape.matmul(tape.concatenate([h, h]), tape.parameter(offset: 832, shape: [64, 8]))
    let loss = tape.rootMeanSquareError(y, tape.input([4, 8, 8], needsGradient: false))
    return (tape, x, loss)
  }

  static let numbers = TapeCase("") { $0.input([1]) }

  #if os(Linux)
    @Test("A replay makes no object once it is warm")
    func allocations() async {
      // In a process of its own: the runtime's door for instruments is not for a process with busy threads.
      await #expect(processExitsWith: .success) {
        let (tape, x, loss) = Self.record()
        let replay = TapeReplay(tape)
        let parameters = FloatBuffer(count: tape.parameterCount)
        parameters.assign(Self.numbers.numbers(tape.parameterCount, seed: 1))
        let gradients = FloatBuffer(count: tape.parameterCount)
        _ = replay.values(of: x).update(from: Self.numbers.numbers(x.shape.count, seed: 2))
        let (weights, slopes) = (parameters.pointer, gradients.pointer)
        func pass() {
          replay.forward(parameters: weights, to: loss)
          replay.backward(from: loss, parameters: weights, gradients: slopes)
        }
        let cold = try #require(Allocations.count { pass() })
        let warm = try #require(Allocations.count { for _ in 0..<10 { pass() } })
        // The first pass works out the order, which shows that the count counts.
        #expect(cold > 0)
        #expect(warm == 0)
      }
    }
  #endif

  @Test("Replays of one recording on several threads give the bits of one alone")
  func threads() {
    let (tape, x, loss) = Self.record()
    let parameters = Self.numbers.numbers(tape.parameterCount, seed: 1)
    @Sendable func gradient(_ seed: Int) -> [Float] {
      let replay = TapeReplay(tape)
      var gradients = [Float](repeating: 0, count: tape.parameterCount)
      for round in 0..<5 {
        _ = replay.values(of: x).update(from: Self.numbers.numbers(x.shape.count, seed: UInt64(seed + round)))
        replay.forward(parameters: parameters)
        replay.backward(from: loss, parameters: parameters, gradients: &gradients)
      }
      return gradients
    }
    let alone = (0..<8).map(gradient)
    let together = Gathered(count: 8)
    DispatchQueue.concurrentPerform(iterations: 8) { together.set($0, gradient($0)) }
    #expect(together.results == alone)
  }

  /// Results from several threads.
  final class Gathered: @unchecked Sendable {
    private let lock = NSLock()
    private(set) var results: [[Float]]
    init(count: Int) { results = [[Float]](repeating: [], count: count) }
    func set(_ k: Int, _ result: [Float]) { lock.withLock { results[k] = result } }
  }

  @Test("Parameters' gradients are added up, and inputs without a gradient cost nothing")
  func accumulation() {
    var tape = Tape()
    let x = tape.input([2, 3], needsGradient: false)
    let w = tape.parameter(offset: 1, shape: [3])
    let loss = tape.sum(tape.multiply(x, w))
    let constant = tape.scale(x, by: 2)
    #expect(tape.entries[constant.index].place.gradient == nil)
    let replay = TapeReplay(tape)
    for k in 0..<6 { replay.values(of: x)[k] = Float(k) }
    var gradients: [Float] = [7, 1, 0, 0]
    replay.forward(parameters: [0, 1, 1, 1], to: loss)
    replay.backward(from: loss, seed: 2, parameters: [0, 1, 1, 1], gradients: &gradients)
    #expect(gradients == [7, 7, 10, 14])
    // The other branch was not asked for.
    #expect(replay.values(of: constant).allSatisfy { $0 == 0 })
  }

  @Test("A node that the loss does not depend on has a gradient of zero, also after another loss was asked for")
  func independent() {
    var tape = Tape()
    let (x, y) = (tape.input([3]), tape.input([3]))
    let (first, second) = (tape.sum(x), tape.sum(y))
    let replay = TapeReplay(tape)
    replay.forward(parameters: [0])
    replay.backward(from: second, parameters: [0], gradients: nil)
    replay.backward(from: first, parameters: [0], gradients: nil)
    #expect(Array(replay.gradient(of: x)) == [1, 1, 1])
    #expect(Array(replay.gradient(of: y)) == [0, 0, 0])
  }
}
