internal import Foundation
internal import Settings
internal import Streams
internal import Synchronization
internal import Zarr

/// The numbers of a store, as if they were observed now.
struct ReplayObservablesSource: Component {
  static let word = "replay-observables"
  static let summary = "Streams the real numbers of a store that have a trajectory and a time alone."
  static let inputs: Set<ElementType> = []
  static let output: ElementType? = .observables

  private let path: String
  private let columns: [String]?

  init(_ section: ConfigurationSection) {
    path = section.shorthand ?? section.text("path", default: "", "The store")
    columns = section.optionalText("columns", "The arrays to read, with commas; all of them when left out")?
      .split(separator: ",").map(\.trimmingWhitespace)
    if path.isEmpty, section.has("path") || !section.names.isEmpty {
      section.problem("needs the path of a store", key: "path")
    }
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    let reader = try TrajectoryStoreReader(URL(filePath: path))
    let known = reader.fields.filter { $0.numbersPerFrame == 1 }.map(\.name)
    if let missing = columns?.first(where: { !known.contains($0) }) {
      throw RunError(.badInput, "\(path) has no numbers `\(missing)`; it has \(known.joined(separator: ", "))")
    }
    let names = columns ?? known
    guard !names.isEmpty else {
      throw RunError(.badInput, "\(path) holds no numbers of a trajectory and a time alone; `replay` streams states")
    }
    let longest = (0..<reader.trajectories).map { reader.length($0) }.max() ?? 0
    // All trajectories abreast, as they would come; chunks that were decoded stay in the reader's cache.
    let place = Mutex((frame: 0, trajectory: 0))
    let flow: Flow<Observation> = assembly.graph.source(
      node.id, kind: Self.word, on: ThreadExecutor(name: node.id)
    ) {
      try place.withLock { place in
        while place.frame < longest {
          let (frame, trajectory) = place
          place = trajectory + 1 < reader.trajectories ? (frame, trajectory + 1) : (frame + 1, 0)
          guard frame < reader.length(trajectory) else { continue }
          let range = frame..<(frame + 1)
          return Observation(
            trajectory: trajectory, index: frame,
            time: try reader.times(trajectory, frames: range)?[0] ?? Double(frame), names: names,
            values: try names.map { try reader.read($0, trajectory: trajectory, frames: range)[0] })
        }
        return nil
      }
    }
    return .observables(flow)
  }
}
