/// A stage that judges checkpoints.
protocol Judging {
  var settings: VerdictSettings { get }
}
