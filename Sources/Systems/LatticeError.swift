/// Why a lattice cannot be made or integrated, with the remedy in the message.
public struct LatticeError: Error, Sendable, Equatable, CustomStringConvertible {
  public struct Code: Sendable, Equatable {
    private enum Value { case invalidParameter, notConverged, linearAlgebra }
    private let value: Value
    private init(_ value: Value) { self.value = value }

    public static let invalidParameter = Code(.invalidParameter)
    /// The self-consistent ground state was not reached.
    public static let notConverged = Code(.notConverged)
    public static let linearAlgebra = Code(.linearAlgebra)
  }

  public let code: Code
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
