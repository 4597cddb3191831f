internal import Foundation
internal import Tensors
internal import Trajectories

/// `LinearRegression` and `EchoStateNetwork` of fields on a ring or a square, and of plain vectors: the change of the
/// numbers of a place is linear in what it and its neighbours hold, and, with memory, in a hidden state of random
/// recurrent features that sees the same neighbours. Shared by all places of a ring or a square.
struct StencilModel: SurrogateModel {
  private let fitted: StateLayout
  private let scales: FieldScales
  /// Nil for a model without memory.
  private let echo: EchoStateNetwork.Configuration?
  /// (targets, features + 1), the last of each row the constant.
  private let weights: [Float]

  var layout: StateLayout? { fitted }
  var summary: String {
    (echo.map { _ in "echo-state network, \(units) features a place" } ?? "linear regression")
      + ", \(weights.count) \(echo == nil ? "" : "fitted ")parameters"
  }

  private var units: Int { echo?.units(of: fitted) ?? 0 }

  private init(
    _ layout: StateLayout, _ scales: FieldScales, _ echo: EchoStateNetwork.Configuration?, weights: [Float]
  ) {
    fitted = layout
    self.scales = scales
    self.echo = echo
    self.weights = weights
  }

  /// One model a ridge, from one pass over the windows; with memory, each notes its own ridge.
  static func fits(
    to windows: [TrainingWindow], scales: FieldScales, ridges: [Double], echo: EchoStateNetwork.Configuration? = nil
  ) throws -> [StencilModel] {
    guard let first = windows.first else { throw LearningError(.invalidData, "a fit needs at least one window") }
    guard scales.isUsable else {
      throw LearningError(.invalidConfiguration, "every scale must be positive and finite, got \(scales)")
    }
    try scales.check(first.layout)
    try echo?.check()
    let place = try Neighbourhood(first.layout)
    let random = echo.map { RandomFeatures($0, place) }
    var equations = NormalEquations(
      features: place.count + (random?.units ?? 0) + 1, targets: place.targets.count)
    for window in windows {
      let rollout = StencilRollout(try place.matching(window.layout), scales: scales, weights: [], random: random)
      for step in 0..<window.steps {
        let before = window.state(step)
        rollout.observe(before)
        guard step >= (echo?.warmUp ?? 0) else { continue }
        let change = zip(window.state(step + 1).values, before.values).map { $0 - $1 }
        for site in 0..<rollout.place.sites {
          equations.add(rollout.features(site) + [1], rollout.target(change, site))
        }
      }
    }
    return try ridges.map { ridge in
      var echo = echo
      echo?.ridge = ridge
      return StencilModel(first.layout, scales, echo, weights: try equations.solve(ridge: ridge))
    }
  }

  func predictor(for layout: StateLayout) throws -> any Predictor {
    let place = try Neighbourhood(fitted)
    return StencilRollout(
      try place.matching(layout), scales: scales, weights: weights, random: echo.map { RandomFeatures($0, place) })
  }

  // MARK: Files

  private static let echoKey = "holstream.echo"

  func safetensors() throws -> Safetensors {
    let family: ModelFamily = echo == nil ? .linearRegression : .echoState
    let targets = try Neighbourhood(fitted).targets.count
    var file = Safetensors(
      tensors: ["readout.weights": .init(weights, shape: [targets, weights.count / targets])],
      metadata: [
        ModelFileKey.family: family.rawValue, "holstream.scalars": try JSON.text(scales),
        ModelFileKey.layout: try JSON.text(fitted),
      ])
    if let echo { file.metadata[Self.echoKey] = try JSON.text(echo) }
    return file
  }

  /// Reads the file back; nil for one of a density matrix.
  init?(_ file: Safetensors) throws {
    let name = "the file"
    guard let layout = try file.decode(StateLayout.self, ModelFileKey.layout, name: name),
      layout.densityMatrixSites == nil
    else { return nil }
    func fail(_ what: String) -> LearningError { LearningError(.checkpointMismatch, "\(name): \(what)") }
    try file.refuseUnknown(
      keys: [ModelFileKey.family, "holstream.scalars", ModelFileKey.layout, Self.echoKey],
      tensors: { $0 == "readout.weights" }, name: name)
    guard let scales = try file.decode(FieldScales.self, "holstream.scalars", name: name), scales.isUsable else {
      throw fail("the metadata entry holstream.scalars is missing or cannot be used")
    }
    fitted = layout
    self.scales = scales
    echo = try file.decode(EchoStateNetwork.Configuration.self, Self.echoKey, name: name)
    try echo?.check()
    let place = try Neighbourhood(layout)
    let shape = [place.targets.count, place.count + (echo?.units(of: layout) ?? 0) + 1]
    guard let tensor = file.tensors["readout.weights"], tensor.shape == shape, let weights = tensor.floats else {
      throw fail("tensor readout.weights is missing or not F32 of shape \(shape)")
    }
    self.weights = weights
  }
}

extension Neighbourhood {
  /// The same neighbours on a domain of another size.
  /// - Throws: `LearningError` of code `invalidData` when the states are of other fields.
  func matching(_ layout: StateLayout) throws -> Neighbourhood {
    let other = try Neighbourhood(layout)
    guard fits(other) else {
      throw LearningError(
        .invalidData,
        "the model was fitted to states of \(embedding.layout.summary) and cannot run on \(layout.summary)")
    }
    return other
  }
}
