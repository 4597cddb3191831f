internal import Foundation

/// A number of hostile inputs for one reader: some thousands in the suite, a million by `tools/fuzz`.
///
/// `tools/fuzz` sets `HOLSTREAM_FUZZ_COUNT`, `_FROM`, `_SEED` and `_FOLDER`. In the folder the input that is being read
/// lies in `NAME.input`, so that one that ends the program is known afterwards, and the progress in `NAME.progress`.
public struct HostileRounds: Sendable {
  public let name: String
  private let count: Int
  private let from: Int
  private let seed: UInt64
  private let folder: URL?

  /// What the rounds were like.
  public struct Outcome: Sendable, CustomStringConvertible {
    public let name: String
    public let inputs: Int
    /// Inputs that were understood; the others were refused by an error.
    public let understood: Int
    /// The processor's time for the slowest input, so that a busy machine does not count.
    public let slowest: Duration
    /// The number of the slowest input.
    public let slowestInput: Int
    /// By which the largest resident memory of the process grew.
    public let megabytes: Double

    public var description: String {
      "\(name): \(inputs) inputs, \(understood) understood, \(inputs - understood) refused; "
        + String(
          format: "slowest %.1f ms (input %d), %.0f MB more", slowest / .milliseconds(1), slowestInput, megabytes)
    }
  }

  /// - Parameter count: Inputs where nothing else is asked for.
  public init(_ name: String, _ count: Int) {
    let environment = ProcessInfo.processInfo.environment
    self.name = name
    self.count = environment["HOLSTREAM_FUZZ_COUNT"].flatMap { Int($0) } ?? count
    from = environment["HOLSTREAM_FUZZ_FROM"].flatMap { Int($0) } ?? 0
    seed = environment["HOLSTREAM_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
    folder = environment["HOLSTREAM_FUZZ_FOLDER"].map { URL(filePath: $0) }
  }

  /// Reads so many inputs one after the other.
  /// - Parameter read: Gives whether the input was understood; what it throws counts as refused.
  public func run(
    corpus: [[UInt8]], words: [String], longest: Int = 1 << 16, _ read: ([UInt8]) throws -> Bool
  ) throws -> Outcome {
    let mutator = Mutator(corpus: corpus, words: words, seed: seed, longest: longest)
    let note = try folder.map { try InputNote($0.appending(path: "\(name).input"), room: longest) }
    let before = Self.megabytes
    var (understood, slowest, slowestInput) = (0, Duration.zero, from)
    for number in from..<(from + count) {
      let input = mutator.input(number)
      note?.write(input)
      let begun = Self.processorTime
      if (try? read(input)) == true { understood += 1 }
      let took = Self.processorTime - begun
      if took > slowest { (slowest, slowestInput) = (took, number) }
      if let folder, number % 1000 == 999 || number == from + count - 1 {
        try? Data("\(number + 1)\n".utf8).write(to: folder.appending(path: "\(name).progress"))
      }
    }
    let outcome = Outcome(
      name: name, inputs: count, understood: understood, slowest: slowest, slowestInput: slowestInput,
      megabytes: Self.megabytes - before)
    if let folder { try Data("\(outcome)\n".utf8).write(to: folder.appending(path: "\(name).outcome")) }
    return outcome
  }

  /// What this thread has used of the processor so far.
  private static var processorTime: Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  /// The largest resident memory of the process so far.
  private static var megabytes: Double {
    var usage = rusage()
    getrusage(.init(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1024
  }

  /// A file in shared memory: what was written last is there whatever becomes of the program.
  private final class InputNote {
    private let memory: UnsafeMutableRawBufferPointer

    init(_ url: URL, room: Int) throws {
      try Data(count: room + 32).write(to: url)
      let file = try FileHandle(forUpdating: url)
      guard let start = mmap(nil, room + 32, PROT_READ | PROT_WRITE, MAP_SHARED, file.fileDescriptor, 0),
        start != MAP_FAILED
      else { throw CocoaError(.fileWriteUnknown) }
      memory = UnsafeMutableRawBufferPointer(start: start, count: room + 32)
    }

    /// Its length in decimal on a line of 32 bytes, then the input.
    func write(_ input: [UInt8]) {
      let head = String(input.count).utf8
      memory.copyBytes(from: Array(repeating: 32, count: 31 - head.count) + Array(head) + [10])
      UnsafeMutableRawBufferPointer(rebasing: memory[32...]).copyBytes(from: input.prefix(memory.count - 32))
    }

    deinit { munmap(memory.baseAddress, memory.count) }
  }
}
