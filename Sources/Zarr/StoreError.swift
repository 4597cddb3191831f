public import Disk

/// Why a store cannot be read or written: what, where, and what to do about it.
public struct StoreError: Error, Sendable, Equatable, CustomStringConvertible {
  public struct Code: Sendable, Equatable {
    private enum Value {
      case notFound, notAStore, unsupported, corrupt, outOfRange, exists, locked, unwritable, noSpace, removed
    }
    private let value: Value
    private init(_ value: Value) { self.value = value }

    public static let notFound = Code(.notFound)
    /// The folder is there, but holds no Zarr v3 group or array.
    public static let notAStore = Code(.notAStore)
    /// Valid Zarr that this reader does not know.
    public static let unsupported = Code(.unsupported)
    /// Metadata or a chunk that contradicts itself, is cut short, or fails its checksum.
    public static let corrupt = Code(.corrupt)
    public static let outOfRange = Code(.outOfRange)
    public static let exists = Code(.exists)
    /// Another program writes to the store.
    public static let locked = Code(.locked)
    public static let unwritable = Code(.unwritable)
    /// The disk is full, or the quota is used up. What was appended waits; writing goes on when there is space.
    public static let noSpace = Code(.noSpace)
    /// The store, or a folder of it, was removed or renamed while it was written.
    public static let removed = Code(.removed)
  }

  public let code: Code
  public let path: String
  public let message: String

  public init(_ code: Code, _ path: String, _ message: String) {
    self.code = code
    self.path = path
    self.message = message
  }

  init(_ error: DiskError) {
    let code: Code =
      switch error.kind {
      case .full: .noSpace
      case .removed: .removed
      case .failed: .unwritable
      }
    self.init(code, error.path, error.message)
  }

  public var description: String { "\(path): \(message)" }
}

extension StoreError: DiskFailure {
  public var isDiskFull: Bool { code == .noSpace }
}
