/// The terms of one loss, in order. Units: those of the state, and of its time derivative.
public struct LossTerms: Sendable, Equatable {
  /// The root mean square error of one part of the state.
  public struct Term: Codable, Sendable, Equatable {
    public var name: String
    public var value: Float

    public init(name: String, value: Float) {
      self.name = name
      self.value = value
    }
  }

  public var state: [Term]
  /// Terms of the derivatives, before they are weighted; nil for models without.
  public var tendency: [Term]?
  public var total: Float

  public init(state: [Term], tendency: [Term]? = nil, total: Float) {
    self.state = state
    self.tendency = tendency
    self.total = total
  }

  /// The loss of which these are the terms: their sum, with the derivatives' weighted.
  public init(state: [Term], tendency: [Term]?, weight: Float) {
    func sum(_ terms: [Term]) -> Float { terms.dropFirst().reduce(terms.first?.value ?? 0) { $0 + $1.value } }
    self.init(state: state, tendency: tendency, total: sum(state) + weight * (tendency.map(sum) ?? 0))
  }

  /// The term of the state of this name.
  public subscript(name: String) -> Float? { state.first { $0.name == name }?.value }
}

extension LossTerms: Codable {
  private enum CodingKeys: String, CodingKey { case state, tendency, total, rates }

  /// The four components of earlier logs.
  private struct Components: Decodable {
    var rhoDiagonal: Float
    var rhoOffDiagonal: Float
    var q: Float
    var p: Float

    var terms: [Term] {
      let names = PublishedNames.fields
      return [
        Term(name: "\(names[0]) diagonal", value: rhoDiagonal), Term(name: "\(names[0]) rest", value: rhoOffDiagonal),
        Term(name: names[1], value: q), Term(name: names[2], value: p),
      ]
    }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    total = try container.decode(Float.self, forKey: .total)
    if let components = try? container.decode(Components.self, forKey: .state) {
      state = components.terms
      tendency = try container.decodeIfPresent(Components.self, forKey: .rates)?.terms
    } else {
      state = try container.decode([Term].self, forKey: .state)
      tendency = try container.decodeIfPresent([Term].self, forKey: .tendency)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(state, forKey: .state)
    try container.encodeIfPresent(tendency, forKey: .tendency)
    try container.encode(total, forKey: .total)
  }
}
