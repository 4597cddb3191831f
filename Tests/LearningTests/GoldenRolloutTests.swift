import Foundation
import Learning
import TestSupport
import Testing
import Trajectories

/// The published tiny network, rolled out by the published program and by this one.
struct GoldenRolloutTests {
  @Test(
    "The published tiny network rolls out as the published program rolls it out, to 1e-4 over 300 steps",
    .enabled(if: Fixtures.hasPublished && Places.golden("pred_tiny_shallow_L16_si64") != nil))
  func publishedRollout() throws {
    let weights = try #require(Places.goldenFile("tiny_L16.safetensors"))
    let truth = try #require(Places.golden("shallow_L16_si64"))
    let expected = try #require(Places.golden("pred_tiny_shallow_L16_si64"))
    let checkpoint = try Checkpoint(contentsOf: weights)
    #expect(checkpoint.parameters.count == 5364)
    func load(_ folder: URL, _ name: String) throws -> NumPyArray {
      try NumPyArray(contentsOf: folder.appending(path: "\(name).npy"))
    }
    let (rho, q, p) = (try load(truth, "rho"), try load(truth, "Q"), try load(truth, "P"))
    var state = State<Float>(
      Fixtures.layout(sites: 16), (rho[row: 0] + q[row: 0] + p[row: 0]).map { Float($0) })
    let (rho2, q2, p2) = (try load(expected, "rho"), try load(expected, "Q"), try load(expected, "P"))
    let predictor = try checkpoint.surrogate().predictor(for: Fixtures.layout(sites: 16))
    var worst: Float = 0
    for step in 1...300 {
      predictor.advance(&state)
      let golden = (rho2[row: step] + q2[row: step] + p2[row: step]).map { Float($0) }
      for (ours, theirs) in zip(state.values, golden) { worst = max(worst, abs(ours - theirs)) }
    }
    print("largest difference over 300 steps:", worst)
    #expect(worst < 1e-4)
  }
}
