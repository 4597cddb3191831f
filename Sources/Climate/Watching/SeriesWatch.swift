internal import Foundation

/// Watches one series row by row: learns to forecast it, says how wrong it was at every lead beside two plain forecasts, how
/// unusual the newest error is, and whether the series has changed.
///
/// A missing number is a gap: nothing is interpolated, forecasts begin again after `lags` values. A series that does not
/// vary has no forecast to judge and raises no alarm.
public struct SeriesWatch: Codable, Sendable, Equatable {
  public enum State: String, Codable, Sendable {
    /// Too few values to learn from so far.
    case gathering
    /// All values so far are one.
    case constant
    case watching
  }

  /// What one row came to.
  public struct Outcome: Sendable, Equatable {
    /// Of this row, from the row before; nil where none was made.
    public var forecast: Double?
    public var error: Double?
    /// −log₁₀ of the share of earlier errors that were as large.
    public var score: Double?
    public var isAlarm = false
    /// The tests that found a change: `page-hinkley`, `cusum`, `adwin`.
    public var changes: [String] = []
    public var isRefit = false
    /// Something that a user should know, once.
    public var note: String?
  }

  /// Root mean square errors at one lead, over the last rows; nil before the first.
  public struct Errors: Codable, Sendable, Equatable {
    public var lead: Int
    public var model: Double?
    /// The value one season before; without a season, the last value.
    public var naive: Double?
    /// Linear autoregression.
    public var linear: Double?
  }

  public let settings: WatchSettings
  public private(set) var state = State.gathering
  /// Values since the watch began, missing ones included.
  public private(set) var rows = 0
  public private(set) var missing = 0
  public private(set) var alarms = 0
  public private(set) var changes = 0
  public private(set) var refits = 0
  /// The newest values without a gap, oldest first.
  private var history: [Double] = []
  private var centre = 0.0
  private var scale = 1.0
  /// The least and the largest value since the models were made.
  private var least = 0.0
  private var largest = 0.0
  private var model: SeriesModel
  private var linear: SeriesModel
  private var ledger: ForecastLedger
  private var conformal: ConformalScore
  /// Mean square of the errors one row ahead, of which deviations are told.
  private var spread = 0.0
  private var judged = 0
  private var detectors = Detectors()
  /// Rows until the model is made anew after a change.
  private var untilRefit: Int?

  private struct Detectors: Codable, Sendable, Equatable {
    var hinkley = PageHinkley()
    var sum = CumulativeSum()
    var window = AdaptiveWindow()
  }

  public init(_ settings: WatchSettings) {
    self.settings = settings
    model = SeriesModel(settings.model, forgetting: settings.forgetting)
    linear = SeriesModel(settings.linear, forgetting: settings.forgetting)
    ledger = ForecastLedger(leads: settings.leads, window: settings.memory)
    conformal = ConformalScore(falseAlarms: settings.falseAlarms, capacity: settings.memory)
  }

  /// Numbers of rows that can be counted on from.
  static let counts = 0...(1 << 53)

  /// Whether all its parts fit each other: whoever has read it from a file must ask before it is used.
  public var isSound: Bool {
    let all = [rows, missing, alarms, changes, refits, judged, untilRefit ?? 0]
    return all.allSatisfy(Self.counts.contains) && history.count <= 2 * settings.memory && scale.isFinite && scale > 0
      && centre.isFinite && spread.isFinite && spread >= 0
      && model.isSound(settings.model, forgetting: settings.forgetting)
      && linear.isSound(settings.linear, forgetting: settings.forgetting)
      && ledger.isSound(leads: settings.leads, window: settings.memory)
      && conformal.isSound(falseAlarms: settings.falseAlarms, capacity: settings.memory)
      && detectors.hinkley.isSound && detectors.sum.isSound && detectors.window.isSound
  }

  public var errors: [Errors] { ledger.errors }

  /// The next value as it is forecast now.
  public var next: Double? { ledger.next }

  /// - Parameter value: Not a number where it is missing.
  public mutating func add(_ value: Double) -> Outcome {
    var outcome = Outcome()
    defer { rows += 1 }
    guard value.isFinite else {
      missing += 1
      interrupt()
      return outcome
    }
    if state == .watching {
      judge(value, &outcome)
      learn(value, outcome)
    }
    remember(value)
    if state == .watching { refitWhereDue(&outcome) } else { beginWherePossible(&outcome) }
    if state == .watching, history.count >= settings.needed { forecast() }
    return outcome
  }

  /// What comes does not follow what came: forecasts begin again after `lags` values.
  public mutating func interrupt() {
    history.removeAll(keepingCapacity: true)
    ledger.forget()
  }

  // MARK: Parts of a row

  private mutating func judge(_ value: Double, _ outcome: inout Outcome) {
    outcome.forecast = ledger.next
    ledger.judge(value, row: rows)
    guard let forecast = outcome.forecast, forecast.isFinite else { return }
    let error = value - forecast
    outcome.error = error
    if let (score, isAlarm) = conformal.score(abs(error)) { (outcome.score, outcome.isAlarm) = (score, isAlarm) }
    if outcome.isAlarm { alarms += 1 }
    let z = max(-10, min(10, error / deviation))
    if judged >= settings.warmUp, untilRefit == nil {
      if detectors.hinkley.observe(abs(z)) { outcome.changes.append("page-hinkley") }
      if detectors.sum.observe(z) { outcome.changes.append("cusum") }
      if detectors.window.observe(abs(z)) { outcome.changes.append("adwin") }
    }
    judged += 1
    // One outlier must not widen what counts as usual.
    let clipped = judged <= settings.warmUp ? error : max(-4, min(4, error / deviation)) * deviation
    spread += (clipped * clipped - spread) / Double(min(judged, settings.memory))
    guard !outcome.changes.isEmpty else { return }
    changes += 1
    detectors = Detectors()
    guard settings.refitsOnChange else { return }
    model.loosen()
    linear.loosen()
    untilRefit = settings.warmUp
  }

  /// Of the errors; those below a millionth of the series' own deviation are none.
  private var deviation: Double { max(spread.squareRoot(), 1e-6 * scale, .leastNormalMagnitude) }

  private mutating func learn(_ value: Double, _ outcome: Outcome) {
    guard history.count >= settings.needed else { return }
    var target = value
    // Learnt as a large error, but not as a boundless one.
    if let forecast = outcome.forecast, let error = outcome.error, judged > settings.warmUp, untilRefit == nil {
      target = forecast + max(-4 * deviation, min(4 * deviation, error))
    }
    let past = history.suffix(settings.needed).map(standard)
    model.learn(past[...], row: rows, value: standard(target))
    linear.learn(past[...], row: rows, value: standard(target))
  }

  private mutating func remember(_ value: Double) {
    history.append(value)
    (least, largest) = (min(least, value), max(largest, value))
    // Twice the memory, and then half of it at once: removing one by one would move everything each time.
    if history.count > 2 * settings.memory { history.removeFirst(settings.memory) }
  }

  private mutating func beginWherePossible(_ outcome: inout Outcome) {
    guard history.count >= settings.warmUp else { return }
    if fit(history.suffix(settings.warmUp)) {
      state = .watching
    } else if state != .constant {
      state = .constant
      outcome.note =
        "has been \(history[history.count - 1]) in all of \(history.count) rows: nothing is forecast until it varies"
    }
  }

  private mutating func refitWhereDue(_ outcome: inout Outcome) {
    let isScheduled = settings.refitEvery.map { rows > 0 && rows % $0 == 0 } ?? false
    if let rest = untilRefit { untilRefit = rest - 1 }
    let isAfterChange = untilRefit.map { $0 <= 0 } ?? false
    guard isScheduled || isAfterChange, history.count >= settings.warmUp else { return }
    let before = scale
    guard fit(history.suffix(isAfterChange ? settings.warmUp : settings.memory)) else {
      (state, untilRefit) = (.constant, nil)
      outcome.note = "has stopped varying: nothing is forecast until it varies again"
      return
    }
    outcome.isRefit = true
    refits += 1
    untilRefit = nil
    guard isAfterChange else { return }
    conformal.begin()
    (spread, judged) = (0, 0)
    if scale > 30 * before || before > 30 * scale {
      outcome.note = "varies \(Self.short(scale / before)) times as much as before: has its unit changed?"
    }
  }

  /// Makes the models anew from these rows, the last of which is the newest.
  /// - Returns: false where they do not vary.
  private mutating func fit(_ values: ArraySlice<Double>) -> Bool {
    let count = Double(values.count)
    let mean = values.reduce(0) { $0 + $1 / count }
    let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) / count }
    guard square.isFinite, square.squareRoot() > 1e-12 * abs(mean), square > 0 else { return false }
    (centre, scale) = (mean, square.squareRoot())
    (least, largest) = (values.min()!, values.max()!)
    model = SeriesModel(settings.model, forgetting: settings.forgetting)
    linear = SeriesModel(settings.linear, forgetting: settings.forgetting)
    ledger.forget()
    let standardised = values.map(standard)
    for k in stride(from: settings.needed, to: standardised.count, by: 1) {
      let row = rows + 1 - standardised.count + k
      let past = standardised[(k - settings.needed)..<k]
      model.learn(past, row: row, value: standardised[k])
      linear.learn(past, row: row, value: standardised[k])
    }
    return true
  }

  private mutating func forecast() {
    let most = settings.leads.max()!
    var path = history.suffix(settings.needed).map(standard)
    var plain = path
    // Twice the range that was seen.
    let margin = (largest - least) / 2
    let bounds = standard(least - margin)...standard(largest + margin)
    model.extend(&path, row: rows + 1, steps: most, within: bounds)
    linear.extend(&plain, row: rows + 1, steps: most, within: bounds)
    let count = settings.needed
    ledger.note(row: rows) { lead in
      let season = settings.model.season
      let back = season > 1 ? season * ((lead + season - 1) / season) - lead : 0
      return ForecastLedger.Forecast(
        model: centre + scale * path[count + lead - 1],
        naive: history.count > back ? history[history.count - 1 - back] : .nan,
        linear: centre + scale * plain[count + lead - 1])
    }
  }

  private func standard(_ value: Double) -> Double { (value - centre) / scale }

  private static func short(_ number: Double) -> String { String(format: "%.3g", number) }
}
