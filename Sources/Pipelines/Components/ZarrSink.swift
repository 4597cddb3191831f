internal import Foundation
internal import Settings
internal import Streams
internal import Tensors
internal import Trajectories
internal import Zarr

/// The trajectory store.
struct ZarrSink: Component, Storing {
  static let word = "zarr"
  static let summary = "Stores frames or observables in a Zarr v3 store that any reader may open while it grows."
  static let inputs: Set<ElementType> = [.frames, .observables]
  static let output: ElementType? = nil

  private let path: String
  private let framesPerChunk: Int?
  private let preset: CompressionPreset
  private let relativeError: Double
  private let level: Int
  private let threads: Int
  private let isSealed: Bool
  private let retention: StoreRetention?
  private let isSingle: Bool
  private let synchronised: Synchronisation

  init(_ section: ConfigurationSection) {
    path = section.text("path", default: "trajectories.zarr", "The store, relative to the run's folder")
    framesPerChunk = section.optionalInteger(
      "chunk", in: 1...100_000, "Frames in a chunk file; chosen from their size when left out")
    preset = section.choice(
      "preset", default: "lossless", among: CompressionPreset.allCases.map { ($0.rawValue, $0) },
      "How chunks are compressed; compact is lossless too and smaller")
    relativeError = section.number(
      "relative-error", default: 1e-5, in: 1e-15...0.1, "What preset archive may change a number by")
    let zstd = section.optionalInteger("zstd", in: -7...19, "Older word for level")
    level = section.integer(
      "level", default: zstd ?? 1, in: -7...19, "zstd's level; above 3 buys nothing on chaotic numbers")
    threads = section.integer("threads", default: 1, in: 1...64, "Threads that compress; one more writes the files")
    let keep = section.optionalText(
      "keep", "Delete the oldest trajectories beyond this: 200 GB, 7 days or last 500 trajectories")
    retention = keep.flatMap(Self.retention)
    if let keep, retention == nil {
      section.problem(
        "expected an amount, an age or a number such as 200 GB, 7 days or last 500 trajectories, got `\(keep)`",
        key: "keep")
    }
    isSealed = section.flag(
      "seal", default: false, "Gather the chunks into shards when the run is complete: few large files")
    isSingle = section.choice(
      "precision", default: "double", among: [("double", false), ("single", true)], "Of the numbers on disk")
    let (time, everyChunk) = section.durationOrFlag(
      "synchronised", default: "2 s",
      "What a loss of power may take: the last 2 s; true: nothing, at two thirds of the rate; false: more")
    synchronised = time.map { .every($0) } ?? (everyChunk ? .everyChunk : .never)
  }

  /// `200 GB`, `7 days` or `last 500 trajectories`.
  static func retention(_ text: String) -> StoreRetention? {
    if let bytes = Quantity.bytes(text) { return .bytes(bytes) }
    if let age = Quantity.duration(text) { return .age(age) }
    let words = text.split(separator: " ")
    guard words.count == 3, words[0] == "last", words[2].hasPrefix("trajector"), let count = Int(words[1]), count > 0
    else { return nil }
    return .trajectories(count)
  }

  func url(in directory: RunDirectory) -> URL { directory.file(path) }

  func layout(of node: PipelineDescription.Node, in description: PipelineDescription, directory: RunDirectory) throws
    -> TrajectoryStoreLayout?
  {
    guard let origin = description.nodes.first(where: { $0.id == node.from })?.component as? any TrajectoryProviding
    else { return nil }
    let source = try origin.trajectories()
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: url(in: directory).path)) ?? []
    var attributes = StoreFields.attributes(of: source.system, interval: source.interval, seed: description.seed)
    // What computed it is known by the run alone.
    attributes[StoreFields.arithmeticKey] = directory.arithmetic.first.map { .string($0) }
    return TrajectoryStoreLayout(
      fields: StoreFields.fields(
        of: source.system.layout, isSingle: isSingle, withMids: source.hasMids,
        withTendencies: folders.contains { $0.hasPrefix(StoreFields.tendencyPrefix) }),
      framesPerChunk: framesPerChunk, expectedFrames: source.order?.framesPerTrajectory, preset: preset,
      compressionLevel: level, relativeError: relativeError, threads: threads, synchronised: synchronised,
      attributes: attributes)
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    let seed = assembly.description.seed
    let isSingle = isSingle
    switch input {
    case .frames(let frames):
      guard let origin = node.from, let source = assembly.trajectorySource(origin) else { return nil }
      let url = url(in: assembly.directory)
      // Now, and not in the middle of the run.
      if FileManager.default.fileExists(atPath: url.path) {
        try StoreFields.check(TrajectoryStoreReader(url), takes: source.system)
      }
      // Of a source that goes on without end a trajectory is complete when the source says so, if it ever does.
      let most = source.order?.framesPerTrajectory
      let ending = source as? any EndingTrajectories
      var expected: (@Sendable (Int) -> Int)?
      if let most {
        expected = { trajectory in source.length(trajectory) ?? most }
      } else if let ending {
        expected = { trajectory in ending.finalLength(trajectory) ?? .max }
      }
      let storage = Storage<Frame>(
        fields: { frame in
          StoreFields.fields(
            of: frame.state.layout, isSingle: isSingle, withMids: source.hasMids,
            withTendencies: frame.tendency != nil)
        },
        attributes: { StoreFields.attributes(of: source.system, interval: source.interval, seed: seed) },
        expectedFrames: most,
        plan: { fields, store in
          let plan = try StoreFields.Plan(fields, of: source.system.layout, in: store)
          return { frame, index, field, target in plan.put(frame, index, field, into: target) }
        })
      try store(frames, node, assembly, expected: expected, isOver: { ending?.isOver ?? false }, storage)
    case .observables(let observables):
      let dataType = isSingle ? ZarrDataType.float32 : .float64
      // A field for each number, under its name, as others would look for it.
      let storage = Storage<Observation>(
        fields: { observation in
          observation.names.map { TrajectoryField(name: $0, shape: [], dataType: dataType, dimensionNames: []) }
        },
        attributes: { ["seed": .number(Double(seed)), "written_by": .string("holstream")] },
        expectedFrames: nil,
        plan: { _, _ in
          { observation, _, field, target in
            let place = observation.names.firstIndex(of: field.name)
            field.put([place.map { observation.values[$0] } ?? .nan], into: target)
          }
        })
      try store(observables, node, assembly, expected: nil, storage)
    default: break
    }
    return nil
  }

  /// How elements of one kind lie in a store.
  struct Storage<Element: StoredElement>: Sendable {
    typealias Put = @Sendable (Element, _ index: Int, TrajectoryField, UnsafeMutableRawBufferPointer) -> Void
    let fields: @Sendable (Element) -> [TrajectoryField]
    let attributes: @Sendable () -> [String: JSONValue]
    let expectedFrames: Int?
    /// How the numbers of each of the store's fields are put into its memory.
    let plan: @Sendable (_ fields: [TrajectoryField], _ store: String) throws -> Put
  }

  private func store<Element: StoredElement>(
    _ flow: Flow<Element>, _ node: PipelineDescription.Node, _ assembly: PipelineAssembly,
    expected: (@Sendable (Int) -> Int)?, isOver: @escaping @Sendable () -> Bool = { false },
    _ storage: Storage<Element>
  ) throws {
    let url = url(in: assembly.directory)
    let (framesPerChunk, preset, relativeError) = (framesPerChunk, preset, relativeError)
    let (level, threads, synchronised) = (level, threads, synchronised)
    if FileManager.default.fileExists(atPath: url.path), try TrajectoryStoreReader(url).isSealed {
      _ = try StoreSeal(undoing: url)
    }
    if FileManager.default.fileExists(atPath: url.path),
      let begun = try TrajectoryStoreReader(url).attributes[StoreFields.arithmeticKey]?.string,
      let sentence = Arithmetic.current.difference(from: begun)
    {
      assembly.events.send(.message("\(node.id): \(sentence)"))
    }
    if expected == nil, retention != nil || isSealed {
      let keys = [retention.map { _ in "`keep`" }, isSealed ? "`seal`" : nil].compactMap { $0 }.joined(
        separator: " and ")
      assembly.events.send(
        .message("\(node.id): \(keys) have no effect here, because it is not known where trajectories end"))
    }
    let writer = try Writer(
      FileManager.default.fileExists(atPath: url.path)
        ? TrajectoryStoreWriter(resuming: url, threads: threads, synchronised: synchronised) : nil, url: url)
    assembly.graph.sink(
      node.id, kind: Self.word, reading: node.inlet(flow), on: ThreadExecutor(name: node.id),
      into: StoreSink<Element>(
        writer: writer,
        layout: { element in
          TrajectoryStoreLayout(
            fields: storage.fields(element), framesPerChunk: framesPerChunk, expectedFrames: storage.expectedFrames,
            preset: preset, compressionLevel: level, relativeError: relativeError, threads: threads,
            synchronised: synchronised, attributes: storage.attributes())
        }, plan: storage.plan, retention: retention, expectedFrames: expected ?? { _ in .max }, isOver: isOver,
        isSealed: isSealed, patience: assembly.patience,
        tell: { [events = assembly.events] in events.send(.message($0)) }))
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

  struct StoreSink<Element: StoredElement>: Sink {
    typealias Input = Element
    let writer: Writer
    let layout: @Sendable (Element) -> TrajectoryStoreLayout
    let plan: @Sendable (_ fields: [TrajectoryField], _ store: String) throws -> Storage<Element>.Put
    let retention: StoreRetention?
    /// Frames of a complete trajectory; `max` where that is not known, so that none ever is.
    let expectedFrames: @Sendable (_ trajectory: Int) -> Int
    /// Whether what has no end of its own has come to one: nothing that is open gets more frames in this run.
    var isOver: @Sendable () -> Bool = { false }
    /// Whether a complete run ends with sealing the store.
    let isSealed: Bool
    let patience: DiskPatience
    let tell: @Sendable (String) -> Void

    func consume(_ frames: Inlet<Element>) async throws {
      guard try await keep(frames) else {
        let name = writer.url.lastPathComponent
        let count = writer.store?.abandon()
        writer.store = nil
        patience.lose(count.map { "\($0) frames of \(name)" } ?? name)
        return
      }
    }

    /// - Returns: Whether everything was stored; not so when there was no space and the end was asked for.
    private func keep(_ frames: Inlet<Element>) async throws -> Bool {
      // Trajectories that a refused frame has cut short.
      var cut: Set<Int> = []
      var put: Storage<Element>.Put?
      for try await frame in frames {
        let made = try await patience(nil) {
          if writer.store == nil {
            writer.store = try TrajectoryStoreWriter(creating: writer.url, layout: layout(frame))
          }
          return writer.store!
        }
        guard let store = made else { return false }
        if put == nil { put = try plan(store.layout.fields, writer.url.lastPathComponent) }
        // After a resume the simulator goes over frames that are stored already, or were and have been deleted.
        guard frame.trajectory >= store.retired, frame.index >= store.appendedLength(frame.trajectory) else { continue }
        guard frame.index == store.appendedLength(frame.trajectory) else {
          // A frame before it was refused: the trajectory ends with its last sound frame, the others go on.
          if cut.insert(frame.trajectory).inserted {
            let length = store.appendedLength(frame.trajectory)
            guard try await patience(nil, { try store.complete(trajectory: frame.trajectory) }) != nil else {
              return false
            }
            tell(
              "\(writer.url.lastPathComponent): trajectory \(frame.trajectory) ends after \(length) frames, because frame \(length) was refused."
            )
          }
          continue
        }
        let fill = put!
        let taken: Void? = try await patience(nil) {
          try store.append(trajectory: frame.trajectory, time: frame.time) { index, target in
            fill(frame, index, store.layout.fields[index], target)
          }
        }
        guard taken != nil else { return false }
        // Its last chunk is stored now, full or not: what is complete can be read, and deleted.
        if frame.index + 1 >= expectedFrames(frame.trajectory),
          try await patience(nil, { try store.complete(trajectory: frame.trajectory) }) == nil
        {
          return false
        }
        // A trajectory begins: the time to look what is too much.
        if frame.index == 0, try await !retain(store, cut) { return false }
      }
      guard let store = writer.store else { return true }
      guard try await patience(nil, { try store.flush() }) != nil, try await retain(store, cut),
        try await patience(nil, { try store.close() }) != nil
      else { return false }
      guard isSealed, isOver() || finished(store, cut) == store.trajectories else { return true }
      writer.store = nil
      do { tell(try StoreSeal(sealing: writer.url).description) } catch let error as StoreError
        where error.code == .locked
      {
        tell("Not sealed: \(error)")
      } catch let error as StoreError where error.isDiskFull {
        tell("Not sealed, for which there is no room; the store is whole as it is: \(error)")
      }
      return true
    }

    /// The first trajectory that may get more frames.
    private func finished(_ store: TrajectoryStoreWriter, _ cut: Set<Int>) -> Int {
      (store.retired..<max(store.retired, store.trajectories)).first {
        store.storedLength($0) < expectedFrames($0) && !cut.contains($0)
      } ?? store.trajectories
    }

    /// - Returns: Whether it could be done.
    private func retain(_ store: TrajectoryStoreWriter, _ cut: Set<Int>) async throws -> Bool {
      guard let retention else { return true }
      let deleted = try await patience(nil) {
        try store.settle()
        return try store.retain(retention, finished: finished(store, cut))
      }
      guard let count = deleted else { return false }
      if count > 0 { tell("\(writer.url.lastPathComponent): deleted the \(count) oldest trajectories.") }
      return true
    }
  }
}

/// What a store can take: something of one instant of one trajectory.
protocol StoredElement: Sendable {
  var trajectory: Int { get }
  var index: Int { get }
  var time: Double { get }
}

extension Frame: StoredElement {}
extension Observation: StoredElement {}
