internal import Trajectories

extension PipelineDescription {
  /// The source that what a node reads comes from, through whatever stages; of verdicts, that of the truth.
  /// - Parameters:
  ///   - node: Where the way up begins; nil where the node reads nothing.
  ///   - lookUp: The source of a node's name, nil where that is none; of nil, the only source there is.
  func source(above node: String?, _ lookUp: (String?) -> (any TrajectorySource)?) -> (any TrajectorySource)? {
    var id = node
    while let name = id, let upstream = nodes.first(where: { $0.id == name }) {
      if let source = lookUp(name) { return source }
      if let judge = upstream.component as? any Judging { return lookUp(judge.settings.truth) }
      id = upstream.from
    }
    return nil
  }
}
