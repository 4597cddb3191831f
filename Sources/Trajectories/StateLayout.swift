/// What a state consists of: its fields, one behind the other in one flat vector, and the domain they live on.
public struct StateLayout: Sendable, Hashable, Codable {
  /// In the order in which they lie in the vector.
  public let fields: [Field]
  public let domain: Domain
  /// Real numbers of one state.
  public let count: Int

  /// The largest state that an untrusted file may ask for: 2³⁰ numbers.
  public static let largestCount = 1 << 30

  public init(_ fields: [Field], domain: Domain = .none) {
    precondition(!fields.isEmpty, "a state needs at least one field")
    precondition(Set(fields.map(\.name)).count == fields.count, "two fields have the same name: \(fields.map(\.name))")
    self.fields = fields
    self.domain = domain
    count = fields.reduce(0) { $0 + $1.count }
  }

  /// The field of this name.
  public func field(_ name: String) -> Field? { fields.first { $0.name == name } }

  /// Where a field's numbers lie in the vector.
  public func range(_ field: String) -> Range<Int> {
    guard let index = fields.firstIndex(where: { $0.name == field }) else {
      preconditionFailure("the state has no field \(field); it has \(fields.map(\.name).joined(separator: ", "))")
    }
    return range(at: index)
  }

  /// Where the numbers of field number `index` lie in the vector.
  public func range(at index: Int) -> Range<Int> {
    let start = fields[..<index].reduce(0) { $0 + $1.count }
    return start..<(start + fields[index].count)
  }

  /// All fields with their places, in order.
  public var ranges: [Range<Int>] { fields.indices.map(range(at:)) }

  /// The layout in words: `rho [16, 16] complex, Q [16], P [16]`.
  public var summary: String {
    fields.map { $0.name + ($0.shape.isEmpty ? "" : " \($0.shape)") + ($0.isComplex ? " complex" : "") }
      .joined(separator: ", ")
  }

  private enum CodingKeys: String, CodingKey { case fields, domain }

  /// - Throws: `DecodingError` for fields that no state has: none, two of one name, too many numbers.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let fields = try container.decode([Field].self, forKey: .fields)
    let domain = try container.decode(Domain.self, forKey: .domain)
    func fail(_ reason: String) -> DecodingError {
      .dataCorruptedError(forKey: .fields, in: container, debugDescription: reason)
    }
    guard !fields.isEmpty, fields.count <= 100_000 else { throw fail("a state of \(fields.count) fields") }
    guard Set(fields.map(\.name)).count == fields.count else { throw fail("two fields have the same name") }
    var total = 0
    for field in fields {
      var count = field.isComplex ? 2 : 1
      for extent in field.shape {
        guard extent > 0, extent <= Self.largestCount, count * extent <= Self.largestCount else {
          throw fail("field \(field.name) has the shape \(field.shape)")
        }
        count *= extent
      }
      guard field.axes.count == field.shape.count else { throw fail("field \(field.name) has not a name an axis") }
      total += count
      guard total <= Self.largestCount else { throw fail("a state of more than \(Self.largestCount) numbers") }
    }
    switch domain {
    case .none: break
    case .ring(let sites): guard (1...Self.largestCount).contains(sites) else { throw fail("a ring of \(sites) sites") }
    case .square(let rows, let columns):
      guard (1...65_536).contains(rows), (1...65_536).contains(columns) else {
        throw fail("a lattice of \(rows) × \(columns) sites")
      }
    }
    self.init(fields, domain: domain)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(fields, forKey: .fields)
    try container.encode(domain, forKey: .domain)
  }
}

extension StateLayout {
  /// Whether states of both hold the same fields, whatever units and symbols say.
  /// - Parameter inOrder: And in the same places; without, in whatever order.
  public func hasSameNumbers(as other: StateLayout, inOrder: Bool = false) -> Bool {
    func same(_ own: Field, _ other: Field?) -> Bool {
      other.map { own.name == $0.name && own.shape == $0.shape && own.isComplex == $0.isComplex } ?? false
    }
    guard fields.count == other.fields.count else { return false }
    return inOrder
      ? zip(fields, other.fields).allSatisfy { same($0, $1) } : fields.allSatisfy { same($0, other.field($0.name)) }
  }
}
