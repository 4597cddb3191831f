/// Why a command could not do its job, with the remedy in the message.
public struct RunError: Error, Sendable, Equatable, CustomStringConvertible {
  public struct Code: Sendable, Equatable {
    private enum Value { case usage, badInput, changed, unwritable, nothingToResume, missing, interrupted, alert }
    private let value: Value
    private init(_ value: Value) { self.value = value }

    /// Options that do not go together.
    public static let usage = Code(.usage)
    /// A file whose content cannot be used.
    public static let badInput = Code(.badInput)
    /// What a run was begun with is not what is asked for now.
    public static let changed = Code(.changed)
    /// A folder that cannot be written.
    public static let unwritable = Code(.unwritable)
    public static let nothingToResume = Code(.nothingToResume)
    /// Something that this machine lacks.
    public static let missing = Code(.missing)
    /// Ctrl-C or a termination signal.
    public static let interrupted = Code(.interrupted)
    /// A threshold of the climate monitor was crossed and the pipeline says to stop.
    public static let alert = Code(.alert)
  }

  public let code: Code
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
