/// Forecasts that wait for what they forecast, and the mean square errors of those that met it, by lead.
struct ForecastLedger: Codable, Sendable, Equatable {
  struct Forecast: Codable, Sendable, Equatable {
    var model: Double
    var naive: Double
    var linear: Double

    static let none = Forecast(model: .nan, naive: .nan, linear: .nan)
    var all: [Double] { [model, naive, linear] }
  }

  private struct Mean: Codable, Sendable, Equatable {
    var count = 0
    var value = 0.0

    mutating func add(_ new: Double, window: Int) {
      guard new.isFinite else { return }
      count += 1
      value += (new - value) / Double(min(count, window))
    }
    var root: Double? { count == 0 ? nil : value.squareRoot() }
  }

  private let leads: [Int]
  private let window: Int
  /// By lead, then by the row that is forecast modulo the lead: numbers of the model, the naive and the linear forecast;
  /// none where there is no number, as JSON has no other word for it.
  private var waiting: [[[Double?]]]
  private var means: [[Mean]]
  private var newest: Double?

  init(leads: [Int], window: Int) {
    self.leads = leads
    self.window = window
    waiting = leads.map { Array(repeating: [nil, nil, nil], count: $0) }
    means = leads.map { _ in Array(repeating: Mean(), count: 3) }
  }

  /// Whether it can be worked with, wherever it was read.
  func isSound(leads: [Int], window: Int) -> Bool {
    self.leads == leads && self.window == window && waiting.count == leads.count && means.count == leads.count
      && zip(waiting, leads).allSatisfy { $0.count == $1 && $0.allSatisfy { $0.count == 3 } }
      && means.allSatisfy { $0.count == 3 && $0.allSatisfy { SeriesWatch.counts.contains($0.count) } }
  }

  /// The model's forecast of the next row.
  var next: Double? { newest }

  var errors: [SeriesWatch.Errors] {
    zip(leads, means).map {
      SeriesWatch.Errors(lead: $0, model: $1[0].root, naive: $1[1].root, linear: $1[2].root)
    }
  }

  /// Compares a row with what was forecast for it.
  mutating func judge(_ value: Double, row: Int) {
    for (k, lead) in leads.enumerated() {
      let forecasts = waiting[k][row % lead]
      // Models are compared on the same rows.
      guard forecasts.allSatisfy({ $0 != nil }) else { continue }
      for (m, forecast) in forecasts.enumerated() {
        means[k][m].add((value - forecast!) * (value - forecast!), window: window)
      }
    }
    newest = nil
  }

  /// Keeps what is forecast after a row.
  mutating func note(row: Int, _ forecast: (_ lead: Int) -> Forecast) {
    for (k, lead) in leads.enumerated() {
      let made = forecast(lead)
      waiting[k][row % lead] = made.all.map { $0.isFinite ? $0 : nil }
      if lead == 1 { newest = made.model.isFinite ? made.model : nil }
    }
  }

  /// After a gap: what was forecast is for rows that are not what comes.
  mutating func forget() {
    waiting = leads.map { Array(repeating: [nil, nil, nil], count: $0) }
    newest = nil
  }
}
