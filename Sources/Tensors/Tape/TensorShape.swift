/// The lengths of a tensor's axes, slowest first: `[batch, sites, channels]`.
public struct TensorShape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  public let axes: [Int]
  /// Number of elements.
  public let count: Int

  /// - Parameter axes: One length or more, each at least 1.
  public init(_ axes: [Int]) {
    precondition(
      !axes.isEmpty && axes.allSatisfy { $0 >= 1 }, "TensorShape: \(axes); every axis has a length of 1 or more")
    self.axes = axes
    count = axes.reduce(1, *)
  }

  public init(arrayLiteral axes: Int...) { self.init(axes) }

  public var rank: Int { axes.count }
  /// Length of the last axis, which is contiguous.
  public var last: Int { axes[axes.count - 1] }
  /// Number of vectors along the last axis.
  public var rows: Int { count / last }

  public var description: String { "\(axes)" }

  /// The same shape with the last axis of another length.
  func withLast(_ length: Int) -> TensorShape { TensorShape(axes.dropLast() + [length]) }

  /// Whether the last axes of `other` are these: then this tensor repeats along the first axes of the other.
  func isSuffix(of other: TensorShape) -> Bool { other.axes.suffix(rank) == axes[...] || count == 1 }
}
