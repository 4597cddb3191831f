import Foundation
import Testing

@testable import Streams

@Suite("An event hub")
struct EventHubTests {
  private let chart = RunEvent.Chart(section: "s", title: "c", x: .init("step"), y: .init("y"))

  private func point(_ x: Int, subject: String? = nil, title: String = "c") -> RunEvent {
    var chart = chart
    (chart.subject, chart.title) = (subject, title)
    return .point(chart, x: Double(x), values: ["y": 1])
  }

  private func steps(_ events: [RunEvent]) -> [Int] {
    events.compactMap { if case .point(_, let x, _) = $0 { Int(x) } else { nil } }
  }

  private func messages(_ events: [RunEvent]) -> [String] {
    events.compactMap { if case .message(let text) = $0 { text } else { nil } }
  }

  @Test("A watcher who comes late is given the past, then the present, each event once")
  func late() async {
    let hub = EventHub()
    for step in 0..<10 { hub.send(point(step)) }
    let events = hub.events()
    for step in 10..<20 { hub.send(point(step)) }
    hub.finish()
    var seen: [RunEvent] = []
    for await event in events { seen.append(event) }
    #expect(steps(seen) == Array(0..<20))
    #expect(hub.isFinished)
  }

  @Test("A watcher who comes by now and then is told each event once, in order, and of snapshots only the newest")
  func nowAndThen() {
    let hub = EventHub()
    hub.send(point(0))
    hub.send(.message("a"))
    let first = hub.told()
    #expect(first.map(\.number) == [1, 2])
    hub.send(.progress(.init(step: 1, total: 9, loss: 1, rate: 1)))
    hub.send(point(1))
    hub.send(.message("b"))
    hub.send(.progress(.init(step: 2, total: 9, loss: 1, rate: 1)))
    let second = hub.told(after: 2)
    #expect(second.map(\.number) == [4, 5, 6])
    #expect(second.last?.event == .progress(.init(step: 2, total: 9, loss: 1, rate: 1)))
    #expect(hub.told(after: 6).isEmpty)
  }

  @Test("An event is encoded once, and all who ask share the bytes")
  func sharedBytes() {
    let hub = EventHub()
    hub.send(point(0))
    let places = (0..<3).map { _ in hub.told()[0].json.withUnsafeBytes { $0.baseAddress } }
    #expect(Set(places).count == 1)
  }

  @Test("The memory of a long run is bounded and still spans it, the older the sparser")
  func thinning() {
    let hub = EventHub(historyLength: 100)
    for step in 0..<100_000 { hub.send(point(step)) }
    let kept = steps(hub.history)
    #expect(kept.count <= 100)
    #expect(kept.first == 0)
    #expect(kept.last == 99_999)
    #expect(kept == kept.sorted())
    #expect(Array(kept.suffix(25)) == Array(99_975...99_999))
  }

  @Test("Points begin anew when the chart shows another subject")
  func subjects() {
    let hub = EventHub()
    for step in 0..<5 { hub.send(point(step, subject: "one")) }
    for step in 0..<2 { hub.send(point(step, subject: "other")) }
    #expect(steps(hub.history) == [0, 1])
  }

  @Test("Of snapshots only the newest is kept, of messages the newest")
  func newest() {
    let hub = EventHub(historyLength: 8)
    for number in 0..<50 {
      hub.send(.graph(GraphSnapshot(nodes: [], edges: []), bottleneck: "\(number)"))
      hub.send(.curves(chart, [.init(name: "live", step: 1, values: [Double(number)])]))
      hub.send(.message("\(number)"))
    }
    let graphs = hub.history.compactMap { if case .graph(_, let sentence) = $0 { sentence } else { nil } }
    let curves = hub.history.compactMap { if case .curves(_, let series) = $0 { series[0].values } else { nil } }
    #expect(graphs == ["49"])
    #expect(curves == [[49]])
    #expect(messages(hub.history).last == "49")
    #expect(messages(hub.history).count <= 8)
  }

  @Test("However many charts there are, memory is bounded: the one that was silent longest is forgotten")
  func manyTopics() {
    let hub = EventHub(mostTopics: 4)
    for number in 0..<50 {
      hub.send(.message("go on"))
      hub.send(point(number, title: "chart \(number)"))
    }
    #expect(steps(hub.history) == [47, 48, 49])
    #expect(messages(hub.history).count == 50)
  }
}

@Suite("Events as JSON")
struct RunEventCodingTests {
  static let chart = RunEvent.Chart(
    section: "Live", title: "u", subject: "trajectory 1", x: .init("time", unit: "s"),
    y: .init("u", unit: "m", isLogarithmic: true))
  static let events: [(kind: String, event: RunEvent)] = [
    ("point", .point(chart, x: 1.5, values: ["a": 1, "b": -2])),
    ("curves", .curves(chart, [.init(name: "l", start: 1, step: 0.5, values: [1, 2], isDashed: true)])),
    ("image", .image(chart, .init(rows: 1, columns: 2, values: [3, 4], value: .init("u"), xRange: 0...2))),
    ("row", .row(.init(table: "t", key: "k", values: [.init("z", 1), .init("a", 2)], words: "w", brief: "b"))),
    ("progress", .progress(.init(step: 1, total: 2, loss: 0.5, rate: 3))),
    ("graph", .graph(GraphSnapshot(nodes: [], edges: []), bottleneck: "none")),
    ("message", .message("hello\nyou")),
    ("about", .about(.init(facts: [.init("seed", "1")], configuration: "name: a\n"))),
  ]

  @Test("Every kind says what it is, and comes back as it was", arguments: events.indices)
  func roundTrip(index: Int) throws {
    let (kind, event) = Self.events[index]
    let json = ToldEvent(number: 1, event: event, time: 1.25).json
    let object = try #require(try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
    #expect(object["kind"] as? String == kind)
    #expect(object.keys.allSatisfy { !$0.hasPrefix("_") })
    #expect(!json.contains(10), "one line")
    #expect(try JSONDecoder().decode(RunEvent.self, from: Data(json)) == event)
  }

  @Test("A chart carries its labels and units; columns keep their order; no number is lost to JSON")
  func keys() throws {
    func text(_ event: RunEvent) -> String {
      String(decoding: ToldEvent(number: 1, event: event, time: 1.25).json, as: UTF8.self)
    }
    #expect(text(Self.events[0].event).contains(#""x":{"isLogarithmic":false,"label":"time","unit":"s"}"#))
    #expect(text(Self.events[3].event).contains(#""values":[{"name":"z","value":1},{"name":"a","value":2}]"#))
    #expect(text(.message("m")) == #"{"kind":"message","text":"m","time":1.25}"#)
    #expect(text(.point(Self.chart, x: 0, values: ["a": .infinity])).contains(#""values":{"a":"Infinity"}"#))
  }

  @Test("A kind that there is not is refused")
  func unknown() {
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(RunEvent.self, from: Data(#"{"kind":"picture"}"#.utf8))
    }
  }
}
