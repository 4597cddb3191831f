import Tensors
import Testing
import Trajectories

@testable import Learning

@Suite("Ranks")
struct RankTests {
  @Test("A sum over ranks is the shards' tree, whichever are empty, on every rank to the bit", arguments: [2, 4, 8])
  func sums(count: Int) throws {
    let size = 13
    for filled in 1...count {
      let vectors = (0..<count).map { rank in
        (0..<size).map { k in
          rank < filled ? Float(rank * 31 + k * k) * 1.1e-3 - 0.37 : .nan
        }
      }
      var tree = Array(vectors[..<filled])
      while tree.count > 1 {
        tree = stride(from: 0, to: tree.count, by: 2).map { k in
          k + 1 < tree.count ? zip(tree[k], tree[k + 1]).map { $0 + $1 } : tree[k]
        }
      }
      let expected = tree[0]
      @Sendable func sum(_ ranks: RankGroup) throws -> [Float] {
        var vector = vectors[ranks.rank]
        var scratch = [Float](repeating: 0, count: (size + 1) / 2)
        try vector.withUnsafeMutableBufferPointer { vector in
          try scratch.withUnsafeMutableBufferPointer { scratch in
            try ranks.sum(
              vector.baseAddress!, size: size, scratch: scratch.baseAddress!, isEmpty: { $0 >= filled },
              add: { a, b, n in for k in 0..<n { a[k] += b[k] } })
          }
        }
        return vector
      }
      let first = try ThreadRanks.lead(count, { try #require(sum($0) == expected) }, sum)
      #expect(first == expected)
    }
  }

  /// Reports and final weights of a training of three steps, on so many ranks.
  static func train(
    _ configuration: TrainerConfiguration, _ batches: [TrainingBatch], ranks count: Int
  ) throws -> ([TrainingStepReport], Checkpoint) {
    func train(_ ranks: RankGroup?) throws -> ([TrainingStepReport], Checkpoint) {
      let trainer = try Trainer(configuration: configuration, ranks: ranks)
      var reports = try batches.dropLast().map { try trainer.step($0) }
      // Goes on from a checkpoint, as a run that was stopped.
      let resumed = try Trainer(
        resuming: Checkpoint(Safetensors(trainer.checkpoint().safetensors().encoded()), name: "copy"), ranks: ranks)
      reports.append(try resumed.step(batches.last!))
      if let ranks { try FollowingTrainer.end(ranks) }
      return (reports, resumed.checkpoint())
    }
    guard count > 1 else { return try train(nil) }
    return try ThreadRanks.lead(
      count,
      { ranks in
        var follower = FollowingTrainer(ranks)
        try follower.run()
      }, train)
  }

  @Test(
    "Any number of ranks gives the same losses and weights as one process, to the bit",
    arguments: [ModelFamily.cnn, .parc], [3, 19])
  func residual(family: ModelFamily, count: Int) throws {
    let batches = try [1, 1, 2].map { try Fixtures.batch(count: count, sites: 6, steps: $0) }
    var configuration = Fixtures.configuration(family)
    configuration.model.layout = Fixtures.layout(sites: 6)
    let one = try Self.train(configuration, batches, ranks: 1)
    for ranks in [2, 4, 8] {
      configuration.workers = ranks == 4 ? 1 : 2
      let several = try Self.train(configuration, batches, ranks: ranks)
      #expect(several.0 == one.0)
      #expect(several.1.parameters == one.1.parameters)
      #expect(several.1.training?.secondMoments == one.1.training?.secondMoments)
    }
  }

  @Test("Families on the tape and piecewise linear ones, too", arguments: ["mlp", "shplrnn"])
  func others(word: String) throws {
    let scales = FieldScales(fields: Chaos.layout.fields.map(\.name), repeating: 20)
    var configuration = PerceptronTests.configuration(
      Chaos.layout, PerceptronSettings(width: 8), scales: scales, noise: 0.01, steps: 6, batches: 10)
    if word == "shplrnn" {
      var settings = PiecewiseLinearSettings(.shallowPLRNN)
      settings.hidden = 18
      configuration.model = ModelConfiguration(
        family: .shallowPLRNN, settings: settings.attributes, scales: scales,
        layout: Chaos.layout)
    }
    configuration.batchSize = 11
    let batch = try TrainingBatch(
      (0..<11).map { TrainingSample(try Chaos.window(trajectory: $0, steps: 8), offset: $0 % 3) }, steps: 6)
    let one = try Self.train(configuration, [batch, batch, batch], ranks: 1)
    for ranks in [2, 8] {
      let several = try Self.train(configuration, [batch, batch, batch], ranks: ranks)
      #expect(several.0 == one.0)
      #expect(several.1.parameters == one.1.parameters)
    }
  }

  @Test("A small batch on many ranks sends each the samples of its shards, by samples or by intervals")
  func shares() {
    for (count, steps) in [(3, 1), (3, 5), (8, 2), (19, 3), (64, 7)] {
      for ranks in [2, 4, 8] {
        var seen = Set<Int>()
        for rank in 0..<ranks { seen.formUnion(LeadingBackend.samples(of: rank, ranks, count: count, steps: steps)) }
        #expect(seen == Set(0..<count))
      }
    }
  }
}
