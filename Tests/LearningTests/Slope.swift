import Testing

@testable import Learning

/// The gradient of a trainer's loss against differences of the loss.
enum Slope {
  /// Compares the slope of the loss along the gradient itself with its norm, where rounding weighs least.
  static func check(
    _ configuration: TrainerConfiguration, _ batch: TrainingBatch, distance h: Double, tolerance: Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let start = try Trainer(configuration: configuration)
    let parameters = start.parameters
    let gradient = try start.step(batch, injection: .init()).gradient
    let norm = gradient.map { Double($0) * Double($0) }.reduce(0, +).squareRoot()
    #expect(norm > 0, sourceLocation: sourceLocation)
    func loss(_ distance: Double) throws -> Double {
      let moved = zip(parameters, gradient).map { Float(Double($0) + distance * Double($1) / norm) }
      return Double(try Trainer(configuration: configuration, parameters: moved).loss(of: batch, asStep: 0).total)
    }
    let slope = (8 * (try loss(h) - loss(-h)) - (try loss(2 * h) - loss(-2 * h))) / (12 * h)
    #expect(abs(slope - norm) < tolerance * norm, "slope \(slope), norm \(norm)", sourceLocation: sourceLocation)
  }
}
