import Foundation
import Tensors
import TestSupport
import Testing

@testable import Climate

@Suite("Regression row by row")
struct RecursiveLeastSquaresTests {
  @Test("Its weights are those of ridge regression over all rows")
  func batch() {
    var random = CounterRandom(seed: 1, purpose: .bootstrap)
    var regression = RecursiveLeastSquares(count: 2, prior: 100)
    var (xx, xy, yy) = ((0.0, 0.0, 0.0), (0.0, 0.0), 0.0)
    for _ in 0..<200 {
      let x = [random.normal(), random.normal()]
      let y = 2 * x[0] - 3 * x[1] + 0.1 * random.normal()
      regression.learn(x, y)
      xx = (xx.0 + x[0] * x[0], xx.1 + x[0] * x[1], xx.2 + x[1] * x[1])
      xy = (xy.0 + x[0] * y, xy.1 + x[1] * y)
      yy += y * y
    }
    let (a, b, c) = (xx.0 + 0.01, xx.1, xx.2 + 0.01)
    let determinant = a * c - b * b
    #expect(abs(regression.weights[0] - (c * xy.0 - b * xy.1) / determinant) < 1e-9)
    #expect(abs(regression.weights[1] - (a * xy.1 - b * xy.0) / determinant) < 1e-9)
  }

  @Test("Numbers that are none and directions that never vary do no harm")
  func robust() {
    var regression = RecursiveLeastSquares(count: 3, forgetting: 0.9)
    for k in 0..<5000 { regression.learn([1, sin(Double(k)), 0], 2 + sin(Double(k))) }
    let before = regression.weights
    regression.learn([.nan, 0, 0], 1)
    regression.learn([1, 0, 0], .infinity)
    #expect(regression.weights == before)
    #expect(abs(before[0] - 2) < 1e-6 && abs(before[1] - 1) < 1e-6 && before[2] == 0)
  }
}

@Suite("Scores and tests for change")
struct ChangeTests {
  @Test("Alarms are as frequent as is stated, for errors of any distribution", arguments: [0.01, 0.05])
  func falseAlarms(rate: Double) {
    for shape in 0..<2 {
      var random = CounterRandom(seed: UInt64(shape), purpose: .bootstrap)
      var score = ConformalScore(falseAlarms: rate, capacity: 500)
      var (alarms, rows) = (0, 0)
      for _ in 0..<20_000 {
        let z = random.normal()
        guard let result = score.score(shape == 0 ? abs(z) : exp(z)) else { continue }
        rows += 1
        if result.isAlarm { alarms += 1 }
      }
      // Four standard deviations of the count, and the grain of the window.
      let tolerance = 4 * (rate * Double(rows)).squareRoot() / Double(rows) + 1.0 / 500
      #expect(abs(Double(alarms) / Double(rows) - rate) < tolerance, "\(alarms) of \(rows)")
    }
  }

  @Test("An error larger than all before is an alarm, and equal errors are none")
  func extremes() throws {
    var score = ConformalScore(falseAlarms: 0.1, capacity: 50)
    for k in 0..<8 {
      let early = score.score(Double(k))
      #expect(early == nil)
    }
    _ = score.score(3)
    let large = score.score(100)
    #expect(large?.isAlarm == true)
    score.begin()
    for _ in 0..<40 {
      let equal = score.score(1)
      #expect(equal?.isAlarm != true)
    }
    let none = score.score(.nan)
    #expect(none == nil)
  }

  /// Rows until a test finds a shift by so many standard deviations at row 1000; nil where it finds none, negative for a
  /// false alarm.
  private func delay(shift: Double, _ observe: (Double) -> Bool) -> Int? {
    var random = CounterRandom(seed: 8, purpose: .bootstrap)
    for k in 0..<2000 {
      let value = random.normal()
      if observe(k >= 1000 ? value + shift : value) { return k - 1000 }
    }
    return nil
  }

  @Test("Every test finds a shift soon, and none where there is none")
  func shifts() throws {
    var (hinkley, sum, window) = (PageHinkley(), CumulativeSum(), AdaptiveWindow())
    #expect(delay(shift: 0) { hinkley.observe($0) } == nil)
    #expect(delay(shift: 0) { sum.observe($0) } == nil)
    #expect(delay(shift: 0) { window.observe($0) } == nil)
    (hinkley, sum, window) = (PageHinkley(), CumulativeSum(), AdaptiveWindow())
    for found in [
      delay(shift: 2) { hinkley.observe($0) }, delay(shift: -2) { sum.observe($0) },
      delay(shift: 2) { window.observe($0) },
    ] { #expect((0...64).contains(try #require(found)), "\(String(describing: found))") }
  }

  @Test("ADWIN's histogram holds every value once, and its mean")
  func histogram() {
    var window = AdaptiveWindow(every: 1_000_000)
    for k in 0..<1000 { _ = window.observe(Double(k % 10)) }
    #expect(window.count == 1000 && abs(window.mean - 4.5) < 1e-12)
  }
}

@Suite("A series that is watched")
struct SeriesWatchTests {
  private func settings(lags: Int = 2, season: Int = 0, products: Int = 0) -> WatchSettings {
    WatchSettings(
      model: .init(lags: lags, season: season, waves: 2, products: products), leads: [1, 5], warmUp: 50, memory: 500,
      falseAlarms: 0.01)
  }

  @Test("A wave is forecast exactly at every lead, and its error told")
  func wave() throws {
    var watch = SeriesWatch(settings())
    for k in 0..<600 { _ = watch.add(3 + sin(0.3 * Double(k))) }
    let errors = watch.errors
    #expect(errors.map(\.lead) == [1, 5])
    for error in errors { #expect(try #require(error.model) < 1e-5 && #require(error.naive) > 0.1) }
    #expect(abs(try #require(watch.next) - (3 + sin(180))) < 1e-6)
    #expect(watch.changes == 0 && watch.state == .watching)
  }

  @Test("The logistic map is learnt with products, and is not without")
  func logistic() throws {
    var (nonlinear, linear) = (SeriesWatch(settings(products: 1)), SeriesWatch(settings()))
    var x = 0.4
    for _ in 0..<1000 {
      x = 3.9 * x * (1 - x)
      (_, _) = (nonlinear.add(x), linear.add(x))
    }
    #expect(try #require(nonlinear.errors[0].model) < 1e-6 && #require(linear.errors[0].model) > 0.1)
  }

  @Test("A forecast that would run away is held to twice the range that was seen: el Niño, twelve months ahead")
  func bounded() throws {
    let text = try String(contentsOf: Places.data.appending(path: "series/el-nino.csv"), encoding: .utf8)
    let shape = SeriesModel.Shape(lags: 12, season: 12, waves: 3)
    var watch = SeriesWatch(WatchSettings(model: shape, leads: [1, 12], warmUp: 60))
    for line in text.split(separator: "\n").dropFirst() {
      _ = watch.add(Double(line.split(separator: ",")[1]) ?? .nan)
    }
    // Without bounds two million degrees; the month of the year before is off by 1.5.
    #expect(watch.rows == 732)
    #expect(try #require(watch.errors[1].model) < 2 && #require(watch.errors[1].linear) < 2)
  }

  @Test("A season is a lead's naive forecast, and is learnt by its waves")
  func season() throws {
    var watch = SeriesWatch(settings(lags: 1, season: 7))
    for k in 0..<700 { _ = watch.add(cos(2 * .pi * Double(k) / 7)) }
    #expect(try #require(watch.errors[1].naive) < 1e-12 && #require(watch.errors[1].model) < 1e-5)
  }

  @Test("A change of level is found, the models are made anew, and forecasts are good again")
  func change() throws {
    var random = CounterRandom(seed: 2, purpose: .bootstrap)
    var watch = SeriesWatch(settings())
    var found: Int?
    for k in 0..<1500 {
      let value: Double = sin(0.3 * Double(k)) + 0.05 * random.normal()
      let outcome = watch.add(k >= 1000 ? value + 30 : value)
      if !outcome.changes.isEmpty { found = found ?? k }
    }
    #expect((1000..<1060).contains(try #require(found)) && watch.refits >= 1)
    #expect(try abs(#require(watch.next) - 30 - sin(450)) < 0.3)
  }

  @Test("A change of unit is found and said")
  func unit() {
    var random = CounterRandom(seed: 3, purpose: .bootstrap)
    var watch = SeriesWatch(settings())
    let notes = (0..<1500).compactMap { k -> String? in
      let value: Double = 10 + sin(0.3 * Double(k)) + 0.05 * random.normal()
      return watch.add(k >= 1000 ? 1000 * value : value).note
    }
    #expect(notes.count == 1 && notes[0].contains("has its unit changed?"), "\(notes)")
  }

  @Test("A constant series has a state of its own and no alarms, and is watched once it varies")
  func constant() {
    var watch = SeriesWatch(settings())
    let notes = (0..<300).compactMap { _ in watch.add(5).note }
    #expect(watch.state == .constant && watch.alarms == 0 && notes.count == 1 && watch.next == nil)
    for k in 0..<200 { _ = watch.add(5 + sin(Double(k))) }
    #expect(watch.state == .watching && watch.next != nil)
    for _ in 0..<5000 { _ = watch.add(6) }
    #expect(watch.errors.allSatisfy { $0.model?.isFinite != false })
  }

  @Test("A missing number is a gap: no forecast until there is a past again")
  func gap() {
    var watch = SeriesWatch(settings())
    for k in 0..<200 { _ = watch.add(sin(0.3 * Double(k))) }
    let missing = watch.add(.nan)
    #expect(missing == SeriesWatch.Outcome() && watch.missing == 1 && watch.next == nil)
    let first = watch.add(0.1)
    #expect(first.forecast == nil && watch.next == nil)
    _ = watch.add(0.4)
    #expect(watch.next != nil)
    let third = watch.add(0.6)
    #expect(third.forecast != nil)
    for value in [Double.infinity, -Double.infinity, 1e308, -1e308, 0] { _ = watch.add(value) }
    for k in 0..<500 { _ = watch.add(sin(0.3 * Double(k))) }
    #expect(watch.errors.allSatisfy { $0.model?.isNaN != true })
  }

  @Test("What JSON keeps of a watch goes on to the same bits")
  func resumed() throws {
    var random = CounterRandom(seed: 4, purpose: .bootstrap)
    let values = (0..<900).map { k -> Double in
      let level: Double = k > 600 ? 8 : 0
      let noise = 0.2 * random.normal()
      return k == 333 ? Double.nan : sin(0.2 * Double(k)) + noise + level
    }
    for cut in [30, 334, 610, 640] {
      var whole = SeriesWatch(settings(season: 12, products: 2))
      var part = whole
      for value in values[..<cut] { _ = part.add(value) }
      part = try JSONDecoder().decode(SeriesWatch.self, from: JSONEncoder().encode(part))
      for (k, value) in values.enumerated() {
        let outcome = whole.add(value)
        guard k >= cut else { continue }
        let other = part.add(value)
        #expect(other == outcome)
      }
      #expect(part == whole)
    }
  }
}
