internal import CKernels
internal import COpenBLAS

/// Which machine code computes the numbers of this process: two runs of one program have the same bits where it is the
/// same, and differ in the last place where it is not.
///
/// Its id, such as "x86-64-v4/SkylakeX/0.3.21", belongs beside what was computed, in checkpoints, stores and run folders.
public struct Arithmetic: Sendable, Equatable {
  public enum Mode: String, Sendable {
    /// The fastest that the processor has.
    case native
    /// What is the same on every x86-64 processor since 2009.
    case portable
  }

  /// Instructions that our own kernels use: "x86-64-v4", "x86-64-v3", "baseline" or "arm64".
  public let kernels: String
  /// The processor that OpenBLAS's kernels were written for, such as "SkylakeX".
  public let core: String
  /// Version of OpenBLAS, such as "0.3.21".
  public let openBLAS: String
  public let mode: Mode

  /// What this process computes with, fixed when it starts.
  public static let current: Arithmetic = {
    let kernels = String(cString: holstream_kernels())
    let core = String(cString: openblas_get_corename())
    // The environment alone proves nothing: a program may have set it after it was loaded.
    let isPortable = hasPortableEnvironment && !kernels.hasPrefix("x86-64-") && isPortableCore(core)
    return Arithmetic(
      kernels: kernels, core: core, openBLAS: version(inConfiguration: String(cString: openblas_get_config())),
      mode: isPortable ? .portable : .native)
  }()

  init(kernels: String, core: String, openBLAS: String, mode: Mode) {
    self.kernels = kernels
    self.core = core
    self.openBLAS = openBLAS
    self.mode = mode
  }

  /// Reads an id; nil where it is none.
  public init?(id: String) {
    let parts = id.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 3 || (parts.count == 4 && parts[3] == Mode.portable.rawValue) else { return nil }
    guard parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isASCII && !$0.isWhitespace } }) else { return nil }
    self.init(kernels: parts[0], core: parts[1], openBLAS: parts[2], mode: parts.count == 4 ? .portable : .native)
  }

  /// Kernels, core and version, such as "x86-64-v3/Haswell/0.3.21"; "/portable" follows where the mode is.
  public var id: String {
    "\(kernels)/\(core)/\(openBLAS)" + (mode == .portable ? "/portable" : "")
  }

  /// "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH …" → "0.3.21"
  static func version(inConfiguration text: String) -> String {
    let words = text.split(separator: " ")
    return words.count > 1 && words[0] == "OpenBLAS" ? String(words[1]) : "unknown"
  }
}

extension Arithmetic: CustomStringConvertible {
  public var description: String { id }
}

/// Its id, one string.
extension Arithmetic: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let read = Arithmetic(id: text) else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "\"\(text.prefix(80))\" is no arithmetic id such as x86-64-v4/SkylakeX/0.3.21")
    }
    self = read
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(id)
  }
}
