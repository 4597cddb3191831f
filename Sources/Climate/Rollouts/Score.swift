/// One number of a verdict, with all that one must know to compare it with another's.
public struct Score: Codable, Sendable, Equatable {
  /// The estimator, such as `RMSE` or `W1/empirical-quantiles`: numbers of the same id mean the same.
  public var id: String
  /// What of: the name of an observable or of a field; nil for a number of the whole state.
  public var observable: String?
  public var value: Double
  public var standardError: Double?
  /// The same number between truth and other truth: what sampling alone gives.
  public var noiseFloor: Double?
  /// The same number of the truth alone, where it is a number of one side.
  public var truth: Double?
  /// Frames that it is over.
  public var length: Int?
  /// Time between two frames.
  public var interval: Double?
  /// How it is computed, where programs differ.
  public var convention: String?
  /// Where the rollouts begin, when not at the fixed starts, such as `random starts`.
  public var condition: String?
  /// The number against the frame, from the start of the rollouts on.
  public var curve: [Double]?

  public init(
    _ id: String, of observable: String? = nil, _ value: Double, standardError: Double? = nil,
    noiseFloor: Double? = nil, truth: Double? = nil, length: Int? = nil, interval: Double? = nil,
    convention: String? = nil, condition: String? = nil, curve: [Double]? = nil
  ) {
    self.id = id
    self.observable = observable
    self.value = value
    self.standardError = standardError
    self.noiseFloor = noiseFloor
    self.truth = truth
    self.length = length
    self.interval = interval
    self.convention = convention
    self.condition = condition
    self.curve = curve
  }

  /// Its name, such as `RMSE deltaRho`, `deltaQ W1/empirical-quantiles` or `survival, random starts`.
  public var name: String { names[0] }

  /// Its name and the other ways to spell it in a threshold.
  public var names: [String] {
    let end = condition.map { ", " + $0 } ?? ""
    guard let observable else { return [id + end] }
    let both = ["\(id) \(observable)", "\(observable) \(id)"]
    // Estimators with a path for a name follow what they are of.
    return ((id.contains("/") ? both.reversed() : both) + ["\(id), \(observable)"]).map { $0 + end }
  }
}
