import Testing

@testable import Streams

@Suite("An event hub")
struct EventHubTests {
  private func steps(_ events: [RunEvent]) -> [Int] {
    events.compactMap { if case .training(let step, _) = $0 { step } else { nil } }
  }

  @Test("A watcher who comes late is given the past, then the present, each event once")
  func late() async {
    let hub = EventHub()
    for step in 0..<10 { hub.send(.training(step: step, values: [:])) }
    let events = hub.events()
    for step in 10..<20 { hub.send(.training(step: step, values: [:])) }
    hub.finish()
    var seen: [RunEvent] = []
    for await event in events { seen.append(event) }
    #expect(steps(seen) == Array(0..<20))
  }

  @Test("The memory of a long run is bounded and still spans it, the older the sparser")
  func thinning() {
    let hub = EventHub(historyLength: 100)
    for step in 0..<100_000 { hub.send(.training(step: step, values: [:])) }
    let kept = steps(hub.history)
    #expect(kept.count <= 100)
    #expect(kept.first == 0)
    #expect(kept.last == 99_999)
    #expect(kept == kept.sorted())
    #expect(Array(kept.suffix(25)) == Array(99_975...99_999))
  }

  @Test("Of snapshots only the newest is kept, of messages the newest")
  func newest() {
    let hub = EventHub(historyLength: 8)
    for number in 0..<50 {
      hub.send(.graph(GraphSnapshot(nodes: [], edges: []), bottleneck: "\(number)"))
      hub.send(.message("\(number)"))
    }
    let graphs = hub.history.compactMap { if case .graph(_, let sentence) = $0 { sentence } else { nil } }
    let messages = hub.history.compactMap { if case .message(let text) = $0 { text } else { nil } }
    #expect(graphs == ["49"])
    #expect(messages.last == "49")
    #expect(messages.count <= 8)
  }
}
