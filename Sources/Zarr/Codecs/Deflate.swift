internal import Foundation

/// Deflate, for reading stores of others that use `gzip`: the system's libz, looked for when it is first needed.
enum Deflate {
  struct Failure: Error { let message: String }
  /// What stands around the compressed data.
  enum Wrapping: Int32 {
    case zlib = 15
    case gzip = 31
  }

  /// - Returns: The number of bytes, which fit into `target`.
  /// - Throws: `Failure` for damaged data, for more than fits, and when the machine has no libz.
  static func decompress(
    _ bytes: UnsafeRawBufferPointer, wrapping: Wrapping, into target: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int {
    guard let library else {
      throw Failure(message: "libz is not on this machine; install it (Debian: apt-get install zlib1g)")
    }
    guard bytes.count < 1 << 32, target.count < 1 << 32 else { throw Failure(message: "it is too large for libz") }
    var stream = Stream()
    stream.input = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
    stream.inputCount = UInt32(bytes.count)
    stream.output = target.baseAddress
    stream.outputCount = UInt32(target.count)
    let size = Int32(MemoryLayout<Stream>.size)
    let status = withUnsafeMutableBytes(of: &stream) { stream -> Int32 in
      let pointer = stream.baseAddress!
      guard library.begin(pointer, wrapping.rawValue, library.version(), size) == 0 else { return -2 }
      defer { _ = library.end(pointer) }
      return library.inflate(pointer, 4)
    }
    guard status == 1 else { throw Failure(message: "its compressed data are damaged or larger than they should be") }
    guard stream.inputCount == 0 else { throw Failure(message: "something follows its compressed data") }
    return target.count - Int(stream.outputCount)
  }

  /// `z_stream` of zlib.h, as it lies in memory on every 64-bit Linux.
  private struct Stream {
    var input: UnsafeMutableRawPointer?
    var inputCount: UInt32 = 0
    var inputTotal: UInt = 0
    var output: UnsafeMutableRawPointer?
    var outputCount: UInt32 = 0
    var outputTotal: UInt = 0
    var message: UnsafeMutableRawPointer?
    var state: UnsafeMutableRawPointer?
    var allocate: UnsafeMutableRawPointer?
    var free: UnsafeMutableRawPointer?
    var opaque: UnsafeMutableRawPointer?
    var dataType: Int32 = 0
    var checksum: UInt = 0
    var reserved: UInt = 0
  }

  // Unchecked: functions of a library that stays loaded, and that zlib lets any thread call on streams of its own.
  private struct Library: @unchecked Sendable {
    let version: @convention(c) () -> UnsafePointer<CChar>?
    let begin: @convention(c) (UnsafeMutableRawPointer?, Int32, UnsafePointer<CChar>?, Int32) -> Int32
    let inflate: @convention(c) (UnsafeMutableRawPointer?, Int32) -> Int32
    let end: @convention(c) (UnsafeMutableRawPointer?) -> Int32
  }

  private static let library: Library? = {
    guard let handle = dlopen("libz.so.1", RTLD_NOW), let version = dlsym(handle, "zlibVersion"),
      let begin = dlsym(handle, "inflateInit2_"), let inflate = dlsym(handle, "inflate"),
      let end = dlsym(handle, "inflateEnd")
    else { return nil }
    return Library(
      version: unsafeBitCast(version, to: (@convention(c) () -> UnsafePointer<CChar>?).self),
      begin: unsafeBitCast(
        begin, to: (@convention(c) (UnsafeMutableRawPointer?, Int32, UnsafePointer<CChar>?, Int32) -> Int32).self),
      inflate: unsafeBitCast(inflate, to: (@convention(c) (UnsafeMutableRawPointer?, Int32) -> Int32).self),
      end: unsafeBitCast(end, to: (@convention(c) (UnsafeMutableRawPointer?) -> Int32).self))
  }()
}
