/// A number that is computed from one state: what climates, charts and thresholds look at.
public struct Observable: Sendable {
  /// How files and settings spell it, such as `deltaRho`.
  public var name: String
  /// How words and plots write it, such as `Δρ`.
  public var symbol: String
  public var unit: String
  public var value: @Sendable (State<Double>) -> Double

  /// - Parameter symbol: The name when nil.
  public init(
    _ name: String, symbol: String? = nil, unit: String = "", value: @escaping @Sendable (State<Double>) -> Double
  ) {
    self.name = name
    self.symbol = symbol ?? name
    self.unit = unit
    self.value = value
  }
}

extension Observable {
  /// The largest state whose components are its observables without other word.
  public static let mostComponents = 16

  /// Every number of a state: `x[0]`, `x[1]`, … of a field of several, the field's name where it is a single number;
  /// `.re` and `.im` of complex ones.
  public static func components(of layout: StateLayout) -> [Observable] {
    zip(layout.fields, layout.ranges).flatMap { field, range in
      range.map { component(field, at: $0, in: range) }
    }
  }

  /// The number of a state that has this name among its components; nil for none. What it costs does not depend on the
  /// size of the state.
  public static func component(_ name: String, of layout: StateLayout) -> Observable? {
    for (field, range) in zip(layout.fields, layout.ranges) where name.hasPrefix(field.name) {
      let suffix = name.dropFirst(field.name.count)
      let indices = suffix.split { !$0.isASCII || !$0.isNumber }.compactMap { Int($0) }
      guard indices.count == field.shape.count, zip(indices, field.shape).allSatisfy({ $0 < $1 }) else { continue }
      let element = zip(indices, field.shape).reduce(0) { $0 * $1.1 + $1.0 }
      let place = range.lowerBound + (field.isComplex ? 2 * element + (suffix.hasSuffix(".im") ? 1 : 0) : element)
      // What was read may have been written in another way.
      let found = component(field, at: place, in: range)
      if found.name == name { return found }
    }
    return nil
  }

  private static func component(_ field: Field, at place: Int, in range: Range<Int>) -> Observable {
    let (element, part) = (place - range.lowerBound).quotientAndRemainder(dividingBy: field.isComplex ? 2 : 1)
    let suffix = indices(of: element, in: field.shape) + (field.isComplex ? part == 0 ? ".re" : ".im" : "")
    return Observable(field.name + suffix, symbol: field.symbol + suffix, unit: field.unit) { $0.values[place] }
  }

  /// What is looked at in a state of which nothing more is known: its components up to sixteen numbers; of larger ones
  /// the mean and the standard deviation over the elements of each field, and its first element.
  public static func plain(of layout: StateLayout) -> [Observable] {
    guard layout.count > mostComponents else { return components(of: layout) }
    return zip(layout.fields, layout.ranges).flatMap { field, range -> [Observable] in
      let first = range.lowerBound
      guard range.count > 1 else {
        return [Observable(field.name, symbol: field.symbol, unit: field.unit) { $0.values[first] }]
      }
      @Sendable func mean(_ state: State<Double>) -> Double {
        range.reduce(0) { $0 + state.values[$1] } / Double(range.count)
      }
      return [
        Observable("\(field.name) mean", symbol: "⟨\(field.symbol)⟩", unit: field.unit) { mean($0) },
        Observable("\(field.name) deviation", symbol: "σ(\(field.symbol))", unit: field.unit) { state in
          let mean = mean(state)
          let squares = range.reduce(0) { $0 + (state.values[$1] - mean) * (state.values[$1] - mean) }
          return (squares / Double(range.count)).squareRoot()
        },
        Observable(
          "\(field.name)\(indices(of: 0, in: field.shape))\(field.isComplex ? ".re" : "")", symbol: "\(field.symbol)₀",
          unit: field.unit
        ) { $0.values[first] },
      ]
    }
  }

  /// `[i,j]` of an element; nothing for a single number.
  private static func indices(of element: Int, in shape: [Int]) -> String {
    guard !shape.isEmpty else { return "" }
    var rest = element
    var indices: [Int] = []
    for extent in shape.reversed() {
      indices.append(rest % extent)
      rest /= extent
    }
    return "[\(indices.reversed().map(String.init).joined(separator: ","))]"
  }
}
