/// One quantity of a trajectory: an array [trajectory, time, …] of the store.
public struct TrajectoryField: Sendable, Equatable {
  public var name: String
  /// Shape of one frame, such as [L, L].
  public var shape: [Int]
  public var dataType: ZarrDataType
  /// Names of the frame's axes, such as ["site", "site_2"].
  public var dimensionNames: [String]
  /// Of the array: `units`, `long_name`.
  public var attributes: [String: JSONValue]

  public init(
    name: String, shape: [Int], dataType: ZarrDataType, dimensionNames: [String],
    attributes: [String: JSONValue] = [:]
  ) {
    self.name = name
    self.shape = shape
    self.dataType = dataType
    self.dimensionNames = dimensionNames
    self.attributes = attributes
  }

  /// Why no array may have this name; nil for one that may.
  ///
  /// A name becomes a folder of the store, and may come from outside (a column of a log): it must be a name and nothing
  /// that leads elsewhere, hides, or stands for something else there.
  public static func complaint(aboutName name: String) -> String? {
    if name.isEmpty { return "is empty" }
    if name.utf8.count > 200 { return "is longer than 200 bytes" }
    if name.hasPrefix(".") || name.hasPrefix("__") { return "begins with `.` or `__`, which are reserved" }
    if name.unicodeScalars.contains(where: { $0 == "/" || $0 == "\\" || $0.properties.generalCategory == .control }) {
      return "holds a slash or a control character"
    }
    if ["time", "length", "zarr.json"].contains(name) { return "is the name of a part of every store" }
    return nil
  }

  /// Real numbers in one frame; a complex element counts two.
  public var numbersPerFrame: Int { shape.reduce(1, *) * dataType.components }

  /// Puts one frame's numbers in the field's type into memory that a writer offers; complex ones as interleaved parts.
  public func put(_ numbers: [Double], into target: UnsafeMutableRawBufferPointer) {
    precondition(
      numbers.count == numbersPerFrame, "field \(name): expected \(numbersPerFrame) numbers, got \(numbers.count)")
    numbers.withUnsafeBufferPointer { dataType.put($0, into: target) }
  }

  /// The same from memory.
  public func put(_ numbers: UnsafeBufferPointer<Double>, into target: UnsafeMutableRawBufferPointer) {
    precondition(
      numbers.count == numbersPerFrame, "field \(name): expected \(numbersPerFrame) numbers, got \(numbers.count)")
    dataType.put(numbers, into: target)
  }

  /// Bytes of one frame on disk before compression.
  public var bytesPerFrame: Int { shape.reduce(1, *) * dataType.byteCount }
}
