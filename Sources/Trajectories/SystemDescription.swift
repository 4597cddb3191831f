/// What is known of the system that frames come from: all that a store, a trainer and a judge need to use them rightly.
///
/// Systems with equations conform in `Systems` (`DynamicalSystem`); `RecordedSystem` is one without.
public protocol SystemDescription: Sendable {
  /// Its word, such as `lorenz-96`.
  var name: String { get }
  var layout: StateLayout { get }
  /// Complete: a system with equations is made again from them, to the same bits.
  var attributes: [String: Attribute] { get }
  /// What climates and charts look at without other word, the most telling first.
  var observables: [Observable] { get }
  /// Everything that can be asked for by name, the above included.
  var allObservables: [Observable] { get }
  var invariants: [Invariant] { get }
  /// Numbers on the sites of the layout's domain, for structure factors.
  var siteSeries: [SiteSeries] { get }
  /// Symmetries that training samples may be moved by; each maps trajectories to trajectories.
  var symmetries: [Permutation] { get }
  /// Of time, such as `ħ/t_hop`; empty for none.
  var timeUnit: String { get }
  /// du/dt at a state; nil for a system whose equations are not known.
  func tendency(of state: State<Double>, at time: Double) -> State<Double>?
}

extension SystemDescription {
  public var allObservables: [Observable] { observables }
  public var observables: [Observable] { Observable.plain(of: layout) }
  public var invariants: [Invariant] { [] }
  public var siteSeries: [SiteSeries] { SiteSeries.fields(of: layout) }
  public var symmetries: [Permutation] { [] }
  public var timeUnit: String { "" }
  public func tendency(of state: State<Double>, at time: Double) -> State<Double>? { nil }

  /// The observable of this name; also a component of the state by its own name.
  public func observable(_ name: String) -> Observable? {
    allObservables.first { $0.name == name } ?? Observable.component(name, of: layout)
  }
}

/// A system of which only recorded states are known: a tailed log, or a store that others made.
public struct RecordedSystem: SystemDescription {
  public let name: String
  public let layout: StateLayout
  public let attributes: [String: Attribute]
  public let timeUnit: String

  public init(_ name: String, layout: StateLayout, attributes: [String: Attribute] = [:], timeUnit: String = "") {
    self.name = name
    self.layout = layout
    self.attributes = attributes
    self.timeUnit = timeUnit
  }
}
