internal import Trajectories

/// The largest magnitudes of one field in the training data, by which models scale what goes in and comes out.
public struct FieldScale: Sendable, Equatable {
  /// max |x| over every entry; of a complex field over real and imaginary parts (not the modulus).
  public var state: Float
  /// Of the time derivatives.
  public var tendency: Float
  /// Of the differences between successive saved frames.
  public var increment: Float

  public static let one = FieldScale(state: 1, tendency: 1, increment: 1)

  public init(state: Float, tendency: Float, increment: Float) {
    self.state = state
    self.tendency = tendency
    self.increment = increment
  }

  var numbers: [Float] { [state, tendency, increment] }

  func map(_ transform: (Float) -> Float) -> FieldScale {
    FieldScale(state: transform(state), tendency: transform(tendency), increment: transform(increment))
  }

  func union(_ other: FieldScale) -> FieldScale {
    FieldScale(
      state: max(state, other.state), tendency: max(tendency, other.tendency),
      increment: max(increment, other.increment))
  }
}

/// The scales of all fields of a state, from training data only. A field that is not named has the scales 1.
public struct FieldScales: Sendable, Equatable {
  /// By the field's name.
  public private(set) var fields: [String: FieldScale]

  /// No scaling.
  public static let ones = FieldScales()

  public init(_ fields: [String: FieldScale] = [:]) { self.fields = fields }

  /// The same three scales for each field.
  public init(fields: [String], repeating value: Float = 1) {
    let scale = FieldScale(state: value, tendency: value, increment: value)
    self.init(Dictionary(uniqueKeysWithValues: Set(fields).map { ($0, scale) }))
  }

  public subscript(field: String) -> FieldScale {
    get { fields[field] ?? .one }
    set { fields[field] = newValue }
  }

  /// Names of the fields, sorted.
  public var names: [String] { fields.keys.sorted() }

  /// One number a field, in the order of the names.
  func states(_ names: [String]) -> [Float] { names.map { self[$0].state } }
  func tendencies(_ names: [String]) -> [Float] { names.map { self[$0].tendency } }
  func increments(_ names: [String]) -> [Float] { names.map { self[$0].increment } }

  /// Whether every scale can be divided by.
  public var isUsable: Bool { fields.values.allSatisfy { $0.numbers.allSatisfy { $0.isFinite && $0 > 0 } } }

  /// The larger of both in every place: the scales of the union of two sets of data.
  public func union(_ other: FieldScales) -> FieldScales {
    FieldScales(fields.merging(other.fields) { $0.union($1) })
  }

  /// - Throws: `LearningError` of code `invalidConfiguration` when they name a field that the state has not.
  func check(_ layout: StateLayout) throws {
    for name in names where layout.field(name) == nil {
      throw LearningError(
        .invalidConfiguration, "there is a scale for a field \(name), but the state consists of \(layout.summary)")
    }
  }
}
