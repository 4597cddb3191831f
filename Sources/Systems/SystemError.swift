/// Why a system cannot be made or integrated, with the remedy in the message.
public struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
  public struct Code: Sendable, Equatable {
    private enum Value { case invalidParameter, invalidAttribute, invalidState, notConverged, linearAlgebra }
    private let value: Value
    private init(_ value: Value) { self.value = value }

    public static let invalidParameter = Code(.invalidParameter)
    /// What a store or a checkpoint says of its system is missing, unknown or makes no sense.
    public static let invalidAttribute = Code(.invalidAttribute)
    /// A state of another layout, or one that is not finite.
    public static let invalidState = Code(.invalidState)
    /// The self-consistent ground state was not reached.
    public static let notConverged = Code(.notConverged)
    public static let linearAlgebra = Code(.linearAlgebra)
  }

  public let code: Code
  public let message: String
  /// The setting that is wrong, as pipeline files spell it (`pre-steps`); nil where it is no single one.
  public let key: String?

  public init(_ code: Code, _ message: String, key: String? = nil) {
    self.code = code
    self.message = message
    self.key = key
  }

  public var description: String { message }
}
