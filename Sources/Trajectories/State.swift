/// The state of a system at one instant: one flat vector, its fields one behind the other as the layout says.
public struct State<Scalar: BinaryFloatingPoint & Sendable>: Sendable, Equatable {
  public let layout: StateLayout
  /// (layout.count).
  public var values: [Scalar]

  /// - Parameter values: (layout.count): the fields in order, complex elements as interleaved parts, C order.
  public init(_ layout: StateLayout, _ values: [Scalar]) {
    precondition(values.count == layout.count, "a state of \(layout.count) numbers got \(values.count)")
    self.layout = layout
    self.values = values
  }

  /// Every number zero.
  public init(zero layout: StateLayout) { self.init(layout, Array(repeating: 0, count: layout.count)) }

  /// The numbers of one field.
  public subscript(_ field: String) -> ArraySlice<Scalar> {
    get { values[layout.range(field)] }
    set { values.replaceSubrange(layout.range(field), with: newValue) }
  }

  public var isFinite: Bool { values.allSatisfy(\.isFinite) }
}

extension State<Double> {
  /// The same state in single precision, each number rounded to the nearest.
  public var single: State<Float> {
    State<Float>(
      layout,
      Array(unsafeUninitializedCapacity: values.count) { target, count in
        for k in 0..<values.count { target.initializeElement(at: k, to: Float(values[k])) }
        count = values.count
      })
  }
}

extension State<Float> {
  /// The same numbers in double precision.
  public var double: State<Double> {
    State<Double>(
      layout,
      Array(unsafeUninitializedCapacity: values.count) { target, count in
        for k in 0..<values.count { target.initializeElement(at: k, to: Double(values[k])) }
        count = values.count
      })
  }
}
