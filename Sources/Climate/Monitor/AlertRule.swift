/// A threshold on a named number.
public struct AlertRule: Codable, Sendable, Equatable {
  /// Name of the number, such as `deltaRho mean`.
  public var number: String
  /// The alert is raised when the number is above this, or is not a number.
  public var above: Double?
  /// The alert is raised when the number is below this, or is not a number.
  public var below: Double?

  public init(number: String, above: Double? = nil, below: Double? = nil) {
    self.number = number
    self.above = above
    self.below = below
  }

  /// Why the value is out of bounds; nil when it is not.
  public func violation(by value: Double) -> String? {
    if let above, !(value <= above) { return "\(number) is \(value), above \(above)" }
    if let below, !(value >= below) { return "\(number) is \(value), below \(below)" }
    return nil
  }
}

/// Which rules are violated now; says so once when it begins, and once when it is over.
public struct AlertWatch: Sendable, Equatable {
  /// What happened to one rule.
  public struct Change: Codable, Sendable, Equatable {
    public var rule: AlertRule
    /// Its place in the list of rules.
    public var index: Int
    public var value: Double
    /// Whether the alert was raised; it was cleared otherwise.
    public var isRaised: Bool
    public var message: String
  }

  public let rules: [AlertRule]
  public private(set) var raised: Set<Int> = []

  public init(_ rules: [AlertRule]) { self.rules = rules }

  /// Looks at the newest numbers; rules on numbers that are not among them stay as they are.
  public mutating func observe(_ numbers: [String: Double]) -> [Change] {
    rules.indices.compactMap { index in
      guard let value = numbers[rules[index].number] else { return nil }
      if let violation = rules[index].violation(by: value) {
        guard raised.insert(index).inserted else { return nil }
        return Change(rule: rules[index], index: index, value: value, isRaised: true, message: violation)
      }
      guard raised.remove(index) != nil else { return nil }
      return Change(
        rule: rules[index], index: index, value: value, isRaised: false,
        message: "\(rules[index].number) is \(value) again")
    }
  }
}
