public import Settings
public import Trajectories

/// A system whose equations are known: it can be simulated, and made again from what a store says of it.
///
/// One file each, and one line in `SystemCatalogue`. Lanes, blocks and threads stay behind `Ensemble`.
public protocol DynamicalSystem: SystemDescription {
  /// How settings and stores spell it, such as `lorenz-96`.
  static var word: String { get }
  /// One sentence for the list of systems.
  static var summary: String { get }

  /// Reads, and so declares, the system's keys; what is wrong is reported to the section.
  /// - Parameter seed: The run's, for what is drawn once a run, such as disorder.
  init(_ section: ConfigurationSection, seed: UInt64)

  /// The system of which these are the `attributes`; its trajectories have the same bits.
  ///
  /// Keys that stores add for themselves are left alone; `system_parameters` lists those that say something of the system.
  /// - Throws: `SystemError` naming a key that is missing, unknown or makes no sense.
  init(attributes: [String: Attribute]) throws(SystemError)

  /// Time of one step.
  var dt: Double { get }
  /// Steps between frames.
  var saveEvery: Int { get }
  /// Whether frames carry the state half an interval before.
  var hasMids: Bool { get }

  /// Trajectories from their seeded initial states.
  /// - Throws: `SystemError` when there are none such.
  func ensemble(_ numbers: Range<Int>, seed: UInt64, workers: Int) throws(SystemError) -> any Ensemble

  /// Trajectories from given states, numbered from 0; the first frames are the states themselves.
  /// - Parameter firstTime: Of all states, for systems that change in time.
  /// - Throws: `SystemError` for states that are not of this layout or not finite.
  func ensemble(from states: [State<Double>], firstTime: Double, workers: Int) throws(SystemError) -> any Ensemble

  /// Advances the numbers of one state; they come back as NaN where the equations cannot be solved.
  /// - Parameters:
  ///   - values: (layout.count).
  ///   - time: Of the state, for systems that change in time.
  func advance(_ values: inout [Double], from time: Double, steps: Int)

  /// What `labels(of:at:)` gives: derivatives by the names `tendency_…` without other word.
  var labels: StateLayout { get }
  /// Fields of a state that the labels depend on; all without other word.
  var labelInputs: [String] { get }
  /// What the equations say of a state, to learn from: forces, densities, derivatives; nil where a number is not finite.
  func labels(of state: State<Double>, at time: Double) -> State<Double>?
  /// Settings that states of this layout imply, such as `sites=16`; none without other word.
  static func settings(for layout: StateLayout) -> [String]

  /// The same equations with other steps and frames; the first frame stays at its time as nearly as steps allow.
  /// - Throws: `SystemError` for steps that cannot be.
  func with(dt: Double, saveEvery: Int, midInterval: Bool) throws(SystemError) -> Self
}

extension DynamicalSystem {
  public var name: String { Self.word }

  public var labels: StateLayout {
    StateLayout(
      layout.fields.map {
        Field(
          "tendency_" + $0.name, shape: $0.shape, isComplex: $0.isComplex, axes: $0.axes, symbol: "d\($0.symbol)/dt")
      }, domain: layout.domain)
  }

  public var labelInputs: [String] { layout.fields.map(\.name) }

  public func labels(of state: State<Double>, at time: Double) -> State<Double>? {
    tendency(of: state, at: time).map { State(labels, $0.values) }
  }

  public static func settings(for layout: StateLayout) -> [String] { [] }

  /// Time between two frames.
  public var interval: Double { dt * Double(saveEvery) }

  /// The map from a state's numbers to those one interval, or `steps`, later: what exponents are computed of.
  ///
  /// Every call starts at `time`, so that maps of two neighbours see the same equations.
  public func stepMap(steps: Int? = nil, from time: Double = 0) -> @Sendable (inout [Double]) -> Void {
    let steps = steps ?? saveEvery
    return { self.advance(&$0, from: time, steps: steps) }
  }
}
