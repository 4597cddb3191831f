/// One quantity of a trajectory: an array [trajectory, time, …] of the store.
public struct TrajectoryField: Sendable, Equatable {
  public var name: String
  /// Shape of one frame, such as [L, L].
  public var shape: [Int]
  public var dataType: ZarrDataType
  /// Names of the frame's axes, such as ["site", "site_2"].
  public var dimensionNames: [String]

  public init(name: String, shape: [Int], dataType: ZarrDataType, dimensionNames: [String]) {
    self.name = name
    self.shape = shape
    self.dataType = dataType
    self.dimensionNames = dimensionNames
  }

  /// Real numbers in one frame; a complex element counts two.
  public var numbersPerFrame: Int { shape.reduce(1, *) * dataType.components }
  /// Puts one frame's numbers in the field's type into memory that a writer offers; complex ones as interleaved parts.
  public func put(_ numbers: [Double], into target: UnsafeMutableRawBufferPointer) {
    precondition(
      numbers.count == numbersPerFrame, "field \(name): expected \(numbersPerFrame) numbers, got \(numbers.count)")
    dataType.put(numbers, into: target)
  }

  /// Bytes of one frame on disk before compression.
  public var bytesPerFrame: Int { shape.reduce(1, *) * dataType.byteCount }
}
