import Pipelines

extension ProgramVersion {
  /// This program.
  static let current = ProgramVersion(builtFrom: builtFrom)
}
