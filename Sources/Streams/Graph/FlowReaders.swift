/// The edges that lead from a flow, as they are at one time. Of any elements: what is looked up for each element must not
/// depend on their type, and the flow knows it.
final class FlowReaders: Sendable {
  typealias End = AnyObject & Sendable

  let edges: [any End]
  let taps: [any End]

  init(edges: [any End] = [], taps: [any End] = []) {
    self.edges = edges
    self.taps = taps
  }

  func adding(edge: any End) -> FlowReaders { FlowReaders(edges: edges + [edge], taps: taps) }
  func adding(tap: any End) -> FlowReaders { FlowReaders(edges: edges, taps: taps + [tap]) }
  func removing(tap: any End) -> FlowReaders { FlowReaders(edges: edges, taps: taps.filter { $0 !== tap }) }
}
