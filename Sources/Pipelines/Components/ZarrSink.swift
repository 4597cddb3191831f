internal import Foundation
internal import Lattice
internal import Streams
internal import Zarr

/// The trajectory store.
struct ZarrSink: Component {
  static let word = "zarr"
  static let summary = "Stores frames in a Zarr v3 store that any reader may open while it grows."
  static let inputs: Set<ElementType> = [.frames]
  static let output: ElementType? = nil

  private let path: String
  private let framesPerChunk: Int?
  private let level: Int
  private let isSingle: Bool
  private let synchronised: Bool

  init(_ section: ConfigurationSection) {
    path = section.text("path", default: "trajectories.zarr", "The store, relative to the run's folder")
    framesPerChunk = section.optionalInteger(
      "chunk", in: 1...100_000, "Frames in a chunk file; chosen from their size when left out")
    level = section.integer(
      "zstd", default: 1, in: -7...19, "Level of compression; above 3 buys nothing on chaotic numbers")
    isSingle = section.choice(
      "precision", default: "double", among: [("double", false), ("single", true)], "Of the numbers on disk")
    synchronised = section.flag(
      "synchronised", default: false, "Chunks also survive a loss of power, not only of the program")
  }

  func url(in directory: RunDirectory) -> URL { directory.file(path) }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    guard case .frames(let frames)? = input, let origin = node.from, let source = assembly.frameSource(origin) else {
      return nil
    }
    let url = url(in: assembly.directory)
    let isSingle = isSingle
    let framesPerChunk = framesPerChunk
    let level = level
    let synchronised = synchronised
    let attributes = FrameFields.attributes(source, seed: assembly.description.seed)
    let writer = try Writer(
      FileManager.default.fileExists(atPath: url.path)
        ? TrajectoryStoreWriter(resuming: url, synchronised: synchronised) : nil, url: url)
    assembly.graph.sink(
      node.id, kind: Self.word, reading: node.inlet(frames), on: ThreadExecutor(name: node.id),
      into: StoreSink(writer: writer) { frame in
        TrajectoryStoreLayout(
          fields: FrameFields.fields(sites: frame.state.sites, isSingle: isSingle, withMids: source.hasMids),
          framesPerChunk: framesPerChunk,
          compressionLevel: level, synchronised: synchronised, attributes: attributes)
      })
    return nil
  }

  /// The writer belongs to the sink's thread once the graph runs.
  final class Writer: @unchecked Sendable {
    var store: TrajectoryStoreWriter?
    let url: URL
    init(_ store: TrajectoryStoreWriter?, url: URL) {
      self.store = store
      self.url = url
    }
  }

  struct StoreSink: Sink {
    typealias Input = Frame
    let writer: Writer
    let layout: @Sendable (Frame) -> TrajectoryStoreLayout

    func consume(_ frames: Inlet<Frame>) async throws {
      for try await frame in frames {
        if writer.store == nil { writer.store = try TrajectoryStoreWriter(creating: writer.url, layout: layout(frame)) }
        let store = writer.store!
        // After a resume the simulator goes over frames that are stored already.
        guard frame.index >= store.appendedLength(frame.trajectory) else { continue }
        guard frame.index == store.appendedLength(frame.trajectory) else {
          throw StoreError(
            .corrupt, writer.url.path,
            "trajectory \(frame.trajectory) ends at frame \(store.appendedLength(frame.trajectory)), frame \(frame.index) cannot follow"
          )
        }
        try store.append(trajectory: frame.trajectory, time: frame.time, FrameFields.values(frame, store.layout.fields))
      }
      try writer.store?.close()
    }
  }
}

/// How a frame lies in a store.
enum FrameFields {
  static func fields(sites L: Int, isSingle: Bool, withMids: Bool) -> [TrajectoryField] {
    let complex = isSingle ? ZarrDataType.complex64 : .complex128
    let real = isSingle ? ZarrDataType.float32 : .float64
    return (withMids ? ["", "mid_"] : [""]).flatMap { prefix in
      [
        TrajectoryField(name: prefix + "rho", shape: [L, L], dataType: complex, dimensionNames: ["site", "site_2"]),
        TrajectoryField(name: prefix + "Q", shape: [L], dataType: real, dimensionNames: ["site"]),
        TrajectoryField(name: prefix + "P", shape: [L], dataType: real, dimensionNames: ["site"]),
      ]
    }
  }

  static func values(_ frame: Frame, _ fields: [TrajectoryField]) -> [String: [Double]] {
    var values = ["rho": frame.state.rho, "Q": frame.state.q, "P": frame.state.p]
    if fields.contains(where: { $0.name == "mid_rho" }) {
      // The first frame has no interval before it; the hole is visible.
      values["mid_rho"] = frame.mid?.rho ?? frame.state.rho.map { _ in .nan }
      values["mid_Q"] = frame.mid?.q ?? frame.state.q.map { _ in .nan }
      values["mid_P"] = frame.mid?.p ?? frame.state.p.map { _ in .nan }
    }
    return values
  }

  static func attributes(_ source: any FrameSource, seed: UInt64? = nil) -> [String: JSONValue] {
    var attributes = attributes(source.parameters, interval: source.interval)
    if let seed { attributes["seed"] = .number(Double(seed)) }
    return attributes
  }

  static func attributes(_ parameters: HolsteinParameters, interval: Double) -> [String: JSONValue] {
    [
      "model": .string("1D semiclassical Holstein, Ehrenfest dynamics"), "g": .number(parameters.coupling),
      "k0": .number(parameters.k0),
      "eta": .number(parameters.eta), "hopping": .number(parameters.hopping), "frame_interval": .number(interval),
      "units": .string("hbar = t_hop = 1"), "written_by": .string("holstream"),
    ]
  }
}
