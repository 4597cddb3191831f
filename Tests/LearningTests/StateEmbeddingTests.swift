import CKernels
import Tensors
import Testing
import Trajectories

@testable import Learning

struct StateEmbeddingTests {
  static let layouts = [
    Fixtures.layout(sites: 6), StateLayout([Field("x"), Field("y"), Field("g", role: .parameter)]),
    StateLayout([Field("u", shape: [8])], domain: .ring(8)),
    StateLayout(
      [
        Field("psi", shape: [4], isComplex: true), Field("spin", shape: [4, 3]), Field("f", shape: [4], role: .forcing),
      ],
      domain: .ring(4)),
    StateLayout([Field("h", shape: [3, 5]), Field("v", shape: [15, 2])], domain: .square(3, 5)),
  ]

  private func numbers(_ count: Int, _ purpose: UInt64) -> [Float] {
    var random = CounterRandom(seed: 4, purpose: .evaluation, trajectory: purpose)
    return (0..<count).map { _ in Float(random.uniform() - 0.5) }
  }

  @Test("Each layout has the planes that belong to it")
  func planes() {
    let embeddings = Self.layouts.map(StateEmbedding.init)
    #expect(embeddings.map(\.kind) == [.densityMatrix, .vector, .grid, .grid, .grid])
    #expect(embeddings.map(\.channels) == [4, 3, 1, 6, 3])
    #expect(embeddings.map(\.extent) == [[6, 6], [], [8], [4], [3, 5]])
    #expect(embeddings[3].isPrognostic == [true, true, true, true, true, false])
    // Imaginary part of ψ at site 2; component 1 of the spin at site 3.
    #expect(embeddings[3].places[5] == 1 * 4 + 2)
    #expect(embeddings[3].places[8 + 3 * 3 + 1] == (2 + 1) * 4 + 3)
    for embedding in embeddings { #expect(Set(embedding.places).count == embedding.layout.count) }
  }

  @Test("Embedding and extraction have the adjoints that they say", arguments: layouts)
  func adjoints(layout: StateLayout) {
    let embedding = StateEmbedding(layout)
    let (x, scale) = (numbers(layout.count, 1), numbers(layout.count, 2))
    let y = numbers(embedding.count, 3)
    var planes = [Float](repeating: 7, count: embedding.count)
    embedding.embed(x, scale: scale, into: &planes)
    var back = [Float](repeating: 0, count: layout.count)
    embedding.embedAdjoint(y, scale: scale, addingTo: &back)
    func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
    #expect(abs(dot(planes, y) - dot(x, back)) < 1e-6)
    var state = [Float](repeating: 0, count: layout.count)
    embedding.extract(y, scale: scale, addingTo: &state)
    var adjoint = [Float](repeating: 7, count: embedding.count)
    embedding.extractAdjoint(x, scale: scale, into: &adjoint)
    #expect(abs(dot(state, x) - dot(y, adjoint)) < 1e-6)
    // What does not evolve is not changed.
    for (field, range) in zip(layout.fields, layout.ranges) where field.role != .prognostic {
      #expect(state[range].allSatisfy { $0 == 0 })
    }
  }

  @Test("The density matrix lies on the planes where the kernels of the residual networks put it")
  func kernels() {
    let sites = 6
    let layout = Fixtures.layout(sites: sites)
    let embedding = StateEmbedding(layout)
    let state = numbers(layout.count, 1)
    let scale: [Float] = [2, 3, 4]
    var g = Planes(sites: sites, order: .rows).kernel
    var theirs = [Float](repeating: 0, count: 4 * Int(g.stride) + 64)
    holstream_embed(&g, state, scale, &theirs)
    var ours = [Float](repeating: 0, count: embedding.count)
    embedding.embed(state, scale: StateEmbedding.spread(scale, over: layout), into: &ours)
    for c in 0..<4 {
      for i in 0..<sites {
        for j in 0..<sites {
          #expect(ours[(c * sites + i) * sites + j] == theirs[c * Int(g.stride) + (i + 1) * (sites + 2) + j + 1])
        }
      }
    }
  }
}
