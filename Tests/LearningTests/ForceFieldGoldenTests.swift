import Foundation
import Settings
import TestSupport
import Testing
import Trajectories

@testable import Learning

/// The published networks in miniature against PyTorch in double precision.
@Suite("Force fields against PyTorch", .enabled(if: Places.golden("gnn2d_tiny") != nil))
struct ForceFieldGoldenTests {
  /// A network of the golden file: its family, keys, prefix of its arrays, factor of its loss and learning rate.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let family: ModelFamily
    let keys: [String]
    let lossFactor: Double
    let rate: Float
  }

  static let cases = [
    Case(
      testDescription: "gcn", family: .directForce,
      keys: ["widths=6-8", "activation=relu", "elastic=learned", "odd=false"], lossFactor: 1, rate: 1e-3),
    Case(
      testDescription: "egnn", family: .energyForce,
      keys: ["widths=5-7-5", "activation=relu", "elastic=learned", "odd=false"], lossFactor: 1000, rate: 1e-4),
    Case(
      testDescription: "egnn_silu", family: .energyForce,
      keys: ["widths=5-7-5", "activation=silu", "elastic=learned", "odd=false"], lossFactor: 1000, rate: 1e-4),
  ]

  private func array(_ name: String) throws -> NumPyArray {
    try NumPyArray(contentsOf: #require(Places.golden("gnn2d_tiny")).appending(path: "\(name).npy"))
  }

  /// What the golden file calls a tensor.
  private static func published(_ name: String, of one: Case) -> String {
    let parts = name.split(separator: ".")
    guard one.family == .energyForce else {
      return "\(["own": "Ws", "neighbours": "Wn", "bias": "b"][parts[2]]!).\(parts[1])"
    }
    let isLast = parts[1] == "3"
    let inner = ["weight1": "l1.weight", "bias": "l1.bias", "weight2": "l2.weight"]
    switch parts[2] {
    case "neighbours": return (isLast ? "onn" : "nn.\(parts[1])") + ".\(inner[String(parts[3])]!)"
    case "own": return (isLast ? "osf" : "sf.\(parts[1])") + ".\(inner[String(parts[3])]!)"
    case "residual": return (isLast ? "ores" : "res.\(parts[1])") + ".\(parts[3])"
    case "update": return "up.\(parts[1]).\(parts[3])"
    default: return "ln.\(parts[1]).\(parts[3])"
    }
  }

  /// An array of a tensor, its weights turned from (outputs, inputs).
  private func values(_ tensor: ParameterTensor, _ prefix: String, of one: Case) throws -> [Double] {
    let values = try array("\(prefix).\(Self.published(tensor.name, of: one))").values
    guard tensor.shape.count == 2 else { return values }
    let (inputs, outputs) = (tensor.shape[0], tensor.shape[1])
    return (0..<inputs * outputs).map { values[$0 % outputs * inputs + $0 / outputs] }
  }

  private func model(_ one: Case) throws -> ForceFieldModel {
    let layout = ForceFields.layout(6, 6)
    let configuration = try ForceFields.configuration(one.family, one.keys, on: layout)
    let tensors = try ForceFieldModel.parameterLayout(configuration)
    var parameters = [Float](repeating: 0, count: tensors.count)
    for tensor in tensors.tensors {
      for (k, value) in try values(tensor, one.testDescription, of: one).enumerated() {
        parameters[tensor.offset + k] = Float(value)
      }
    }
    return try ForceFieldModel(configuration: configuration, parameters: parameters)
  }

  /// Both configurations with the forces that are learnt.
  private func batch() throws -> TrainingBatch {
    let (q, forces) = (try array("Q"), try array("F_ref"))
    return try TrainingBatch(
      (0..<2).map { k in
        let frame = q[row: k].map(Float.init) + [Float](repeating: 0, count: 36)
        return TrainingSample(
          try TrainingWindow(
            trajectory: k, start: 0, layout: ForceFields.layout(6, 6), values: frame + frame,
            tendencies: [Float](repeating: 0, count: 36) + forces[row: k].map(Float.init)))
      }, steps: 1)
  }

  private func expectSame(
    _ found: some Collection<Float>, _ expected: [Double], to tolerance: Double, least: Double = 1e-3, _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let scale = max(least, expected.map(abs).max() ?? 0)
    let worst = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
    #expect(
      found.count == expected.count && worst < tolerance * scale, "\(what): \(worst) of \(scale)",
      sourceLocation: sourceLocation)
  }

  @Test("Forces are PyTorch's", arguments: cases)
  func forces(_ one: Case) throws {
    let field = try model(one).forceField(rows: 6, columns: 6, ensemble: .grandCanonical)
    let (q, name) = (try array("Q"), one.family == .directForce ? "gcn_out" : "\(one.testDescription)_F")
    for k in 0..<2 {
      #expect(field.evaluate(q[row: k]))
      expectSame(field.force.map { Float($0) }, try array(name)[row: k], to: 2e-5, "configuration \(k)")
    }
  }

  @Test("Energies of both configurations are PyTorch's", arguments: cases.dropFirst())
  func energies(_ one: Case) throws {
    let settings = try ForceFieldSettings(model(one).configuration)
    let replay = ForceReplay(
      settings.network(settings.parameterLayout.tensors), isOdd: false, batch: 2, rows: 6, columns: 6)
    _ = replay.values(try array("Q").values.map(Float.init), parameters: try model(one).parameters)
    let expected = try array("\(one.testDescription)_Ei").values
    // The total energy is a sum of 72 sites.
    #expect(abs(Double(replay.energy!) - expected.reduce(0, +)) < 1e-5 * expected.reduce(0) { $0 + abs($1) })
  }

  @Test("Loss and all gradients are PyTorch's, through the second derivative of an energy", arguments: cases)
  func gradients(_ one: Case) throws {
    let model = try model(one)
    let backend = try model.backend(TrainingOptions())
    let (terms, _) = try backend.gradient(of: batch(), step: 0, noise: 0, injection: nil)
    // Ours is the root of the mean square that PyTorch minimises.
    let root = Double(terms.total)
    expectSame(
      [Float(one.lossFactor * root * root)], try array("\(one.testDescription)_loss").values, to: 2e-5, "loss")
    let gradient = backend.gradient
    let tensors = try ForceFieldModel.parameterLayout(model.configuration).tensors
    let expected = try tensors.map { try values($0, "\(one.testDescription)_grad", of: one) }
    // Some gradients are rounding alone, as those of a bias before a normalisation.
    let scale = expected.joined().map(abs).max() ?? 0
    for (tensor, values) in zip(tensors, expected) {
      let own = gradient[tensor.offset..<(tensor.offset + tensor.count)].map {
        Float(Double($0) * 2 * root * one.lossFactor)
      }
      expectSame(own, values, to: 1e-4, least: 1e-2 * scale, tensor.name)
    }
  }

  @Test("Six steps of Adam have PyTorch's losses", arguments: cases)
  func adam(_ one: Case) throws {
    let backend = try model(one).backend(TrainingOptions())
    let expected = try array("\(one.testDescription)_adam_losses").values
    for (k, loss) in expected.enumerated() {
      let root = Double(try backend.gradient(of: batch(), step: k, noise: 0, injection: nil).terms.total)
      #expect(abs(one.lossFactor * root * root - loss) < 1e-4 * loss, "step \(k)")
      backend.update(
        AdamW(
          clip: Float(2 * root * one.lossFactor), rate: one.rate, beta1: 0.9, beta2: 0.999,
          correction1: Float(1 - pow(0.9, Double(k + 1))), correction2: Float(1 - pow(0.999, Double(k + 1))),
          epsilon: 1e-8, decay: 0, number: k + 1))
    }
  }
}
