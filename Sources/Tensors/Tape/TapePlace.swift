/// Where a tensor and its gradient lie, in floats from the start of an arena or of the flat parameter buffer.
struct TapePlace: Sendable {
  /// In the arena of values, or in the parameters.
  var value: Int
  /// In the arena of gradients, or in the parameters' gradient; nil where no gradient is wanted.
  var gradient: Int?
  /// In the arena of values: what forward leaves for backward.
  var saved = 0
  var isParameter = false

  var needsGradient: Bool { gradient != nil }
}
