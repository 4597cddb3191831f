/// What a register of a program holds: the number of one trajectory, or those of several abreast.
///
/// Every operation is done for each number alone, so that the bits of a trajectory do not depend on its companions.
protocol EquationLane {
  static var width: Int { get }
  init(repeating value: Double)
  subscript(index: Int) -> Double { get set }
  static func + (a: Self, b: Self) -> Self
  static func - (a: Self, b: Self) -> Self
  static func * (a: Self, b: Self) -> Self
  static func / (a: Self, b: Self) -> Self
  static prefix func - (a: Self) -> Self
  static func * (a: Double, b: Self) -> Self
}

extension Double: EquationLane {
  static var width: Int { 1 }
  @inline(__always) init(repeating value: Double) { self = value }
  @inline(__always) subscript(index: Int) -> Double {
    get { self }
    set { self = newValue }
  }
}

extension SIMD8<Double>: EquationLane {
  static var width: Int { 8 }
}
