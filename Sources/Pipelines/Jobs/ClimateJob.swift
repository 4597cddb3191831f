internal import Climate
public import Foundation
internal import Systems
internal import Zarr

/// `holstream climate`: two stores side by side.
public struct ClimateJob: Sendable {
  private let truth: URL
  private let other: URL
  private let reference: URL?
  private let firstFrame: Int
  private let maximumLag: Int?

  /// - Parameter reference: Other truth of the same size, for the noise floor; halves of the truth when nil.
  public init(truth: URL, other: URL, reference: URL? = nil, firstFrame: Int, maximumLag: Int?) {
    self.reference = reference
    self.truth = truth
    self.other = other
    self.firstFrame = firstFrame
    self.maximumLag = maximumLag
  }

  /// - Returns: A table, or JSON.
  /// - Throws: `StoreError`, or `RunError` for windows that hold nothing.
  public func run(json: Bool, status: TerminalStatus = TerminalStatus()) throws -> String {
    let a = try StoredTrajectories(truth)
    let b = try StoredTrajectories(other)
    let end = min(a.framesPerTrajectory, b.framesPerTrajectory)
    guard firstFrame >= 0, end - firstFrame >= 2, maximumLag ?? 0 >= 0 else {
      throw RunError(
        .badInput, "there are \(end) frames in both stores; a window from frame \(firstFrame) needs at least two")
    }
    guard a.sites == b.sites else {
      throw RunError(.badInput, "\(truth.relativePath) has \(a.sites) sites, \(other.relativePath) has \(b.sites)")
    }
    let c = try reference.map { try StoredTrajectories($0) }
    if let c, c.sites != a.sites || c.framesPerTrajectory < end {
      throw RunError(
        .badInput,
        "the reference \(reference!.relativePath) has \(c.sites) sites and \(c.framesPerTrajectory) frames; the window needs \(a.sites) and \(end)"
      )
    }
    let comparison = ClimateComparison(
      truth: try series(a, firstFrame..<end, "reading the truth", status),
      other: try series(b, firstFrame..<end, "reading the other", status),
      reference: try c.map { try series($0, firstFrame..<end, "reading the reference", status) },
      timeStep: a.interval, maximumLag: maximumLag)
    status.clear()
    guard json else { return comparison.text }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return String(decoding: try encoder.encode(comparison), as: UTF8.self)
  }

  private func series(_ store: StoredTrajectories, _ frames: Range<Int>, _ what: String, _ status: TerminalStatus)
    throws -> [String: [[Double]]]
  {
    let start = ContinuousClock.now
    var result: [String: [[Double]]] = ["deltaRho": [], "deltaQ": []]
    for trajectory in 0..<store.reader.trajectories {
      try Interruption.check("Stopped.")
      var rho: [Double] = []
      var q: [Double] = []
      for block in stride(from: frames.lowerBound, to: frames.upperBound, by: 64) {
        for frame in try store.frames(of: trajectory, block..<min(block + 64, frames.upperBound)) {
          rho.append(frame.state.deltaRho)
          q.append(frame.state.deltaQ)
        }
      }
      result["deltaRho"]!.append(rho)
      result["deltaQ"]!.append(q)
      status.progress(what, done: trajectory + 1, of: store.reader.trajectories, since: start)
    }
    return result
  }
}
