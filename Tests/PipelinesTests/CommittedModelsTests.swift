import Foundation
import Learning
import TestSupport
import Testing
import Trajectories

@testable import Pipelines

@Suite("The networks of data/models")
struct CommittedModelsTests {
  private static let deep = Places.package.appending(path: "data/models/deep-L32.safetensors")

  @Test("The deep quench's network follows its chain, and runs on a longer one")
  func deep() async throws {
    try await withTemporaryDirectory { folder in
      for (sites, steps) in [(32, 8), (48, 2)] {
        let (truth, rollout) = (
          folder.appending(path: "truth-\(sites).zarr"), folder.appending(path: "model-\(sites).zarr")
        )
        _ = try SimulateJob(
          settings: ["preset=deep", "sites=\(sites)"], trajectories: 1, seed: 4242, steps: 256 * steps, every: 256,
          output: truth
        ).run()
        _ = try PredictJob(checkpoint: Self.deep, origin: truth, frame: 0, steps: steps, output: rollout).run()
        let exact = try StoredTrajectories(truth).frames(of: 0, 0..<(steps + 1)).map(\.state.values)
        let ours = try StoredTrajectories(rollout).frames(of: 0, 0..<(steps + 1)).map(\.state.values)
        func distance(_ a: [Double], _ b: [Double]) -> Double {
          zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        }
        let (error, persistence) = (distance(ours[steps], exact[steps]), distance(exact[0], exact[steps]))
        #expect(error < 0.3 * persistence, "L = \(sites): \(error), nothing changing \(persistence)")
      }
    }
  }

  @Test("It says what it is: the states, the chain, and that it holds weights alone")
  func says() throws {
    let checkpoint = try Checkpoint(contentsOf: Self.deep)
    #expect(checkpoint.training == nil && checkpoint.layout?.densityMatrixSites == 32)
    #expect(checkpoint.system?["g"]?.number == 1)
    let size = try FileManager.default.attributesOfItem(atPath: Self.deep.path)[.size] as? Int
    #expect(try #require(size) < 500_000)
  }
}
