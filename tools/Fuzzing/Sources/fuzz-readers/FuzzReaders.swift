import CLibFuzzer
import Foundation
import TestSupport

/// Feeds one reader of what comes from outside with hostile input.
@main
enum FuzzReaders {
  static let usage = """
    fuzz-readers mutate READER           as HOLSTREAM_FUZZ_COUNT, _FROM, _SEED and _FOLDER say
    fuzz-readers seeds READER FOLDER     writes the inputs that mutations begin with, and READER.dict with the words
    fuzz-readers cover READER OPTION…    as libFuzzer's options say; built with coverage alone

    """

  /// Names the reader for the programs that libFuzzer starts itself, with its own options alone.
  private static let inherited = "HOLSTREAM_FUZZ_READER"

  static func main() throws {
    let arguments = CommandLine.arguments
    if let name = ProcessInfo.processInfo.environment[inherited], let reader = HostileReader(rawValue: name),
      arguments.count > 1, arguments[1].hasPrefix("-")
    {
      exit(cover(reader, Array(arguments[1...])))
    }
    guard arguments.count >= 3, let reader = HostileReader(rawValue: arguments[2]) else { refuse(usage) }
    switch arguments[1] {
    case "mutate": try mutate(reader)
    case "seeds" where arguments.count == 4: try writeSeeds(reader, to: URL(filePath: arguments[3]))
    case "cover": exit(cover(reader, Array(arguments[3...])))
    default: refuse(usage)
    }
  }

  private static func refuse(_ words: String) -> Never {
    FileHandle.standardError.write(Data(words.utf8))
    exit(64)
  }

  private static func mutate(_ reader: HostileReader) throws {
    let outcome = try HostileRounds(reader.rawValue, 1000)
      .run(corpus: reader.corpus(), words: reader.words, longest: reader.longest) { try reader.read($0) }
    print(outcome)
    guard outcome.understood > 0, outcome.understood < outcome.inputs, outcome.slowest < .seconds(10) else { exit(1) }
  }

  private static func writeSeeds(_ reader: HostileReader, to folder: URL) throws {
    for (number, input) in try reader.corpus().enumerated() {
      try Data(input).write(to: folder.appending(path: "sound-\(number)"))
    }
    let lines = reader.words.map { word in
      "\"" + word.utf8.map { String(format: "\\x%02X", $0) }.joined() + "\"\n"
    }
    try Data(lines.joined().utf8).write(to: folder.appending(path: "../\(reader.rawValue).dict").standardizedFileURL)
  }

  #if COVERAGE
    nonisolated(unsafe) private static var covered: HostileReader = .http

    /// A value and an error are both right; whatever ends the program is found.
    private static func cover(_ reader: HostileReader, _ options: [String]) -> CInt {
      covered = reader
      setenv(inherited, reader.rawValue, 1)
      var arguments: [UnsafeMutablePointer<CChar>?] = ([CommandLine.arguments[0]] + options).map { strdup($0) } + [nil]
      var count = CInt(arguments.count - 1)
      return arguments.withUnsafeMutableBufferPointer { buffer in
        var start = buffer.baseAddress
        return LLVMFuzzerRunDriver(&count, &start) { bytes, size in
          _ = try? FuzzReaders.covered.read(Array(UnsafeBufferPointer(start: bytes, count: size)))
          return 0
        }
      }
    }
  #else
    private static func cover(_ reader: HostileReader, _ options: [String]) -> CInt {
      refuse("this program was built without coverage; tools/fuzz --coverage builds the one that has it\n")
    }
  #endif
}
