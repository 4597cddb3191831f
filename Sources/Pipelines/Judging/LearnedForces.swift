internal import Foundation
internal import Learning
internal import Settings
internal import Systems
internal import Tensors
internal import Trajectories

/// Forces and densities of stored states by a force field in place of its system's equations.
struct LearnedForces {
  private let model: ForceFieldModel
  private let fields: [ForceField]

  /// - Throws: `RunError` where the file is no force field, or is of another lattice.
  init(contentsOf url: URL, for system: any DynamicalSystem, workers: Int) throws {
    guard let model = try ModelCatalogue.model(contentsOf: url) as? ForceFieldModel else {
      throw RunError(
        .usage,
        "\(url.relativePath) holds no force field; train one with one of the families "
          + ForceFieldModel.families.map(\.rawValue).joined(separator: ", "))
    }
    guard case .square(let rows, let columns) = system.layout.domain,
      let ensemble = system.attributes["ensemble"]?.text.flatMap(LatticePhysics.Ensemble.init)
    else { throw RunError(.usage, "a force field gives forces of a square lattice, not of the system \(system.name)") }
    try Self.check(model, against: system.attributes)
    self.model = model
    fields = try (0..<max(1, workers)).map { _ in
      try model.forceField(rows: rows, columns: columns, ensemble: ensemble)
    }
  }

  var summary: String { model.summary }

  /// Force and density of each state; nil where a number is not finite, or no chemical potential gives the charge.
  func labels(of frames: [Frame], _ layout: StateLayout) -> [State<Double>?] {
    Self.spread(frames.count, over: fields) { field, k in
      field.evaluate(Array(frames[k].state["Q"])) ? State(layout, field.force + field.density) : nil
    }
  }

  /// The density at displacements, for whoever asks, from as many threads as there are fields; others wait.
  var density: @Sendable ([Double]) -> [Double]? {
    let pool = Pool(fields)
    return { q in pool.use { $0.evaluate(q) ? $0.density : nil } }
  }

  /// Fields that threads take in turn. What a field says depends on the displacements alone, whichever it is.
  private final class Pool: @unchecked Sendable {
    private let condition = NSCondition()
    private var free: [ForceField]

    init(_ fields: [ForceField]) { free = fields }

    func use<Value>(_ body: (ForceField) -> Value) -> Value {
      condition.lock()
      while free.isEmpty { condition.wait() }
      let field = free.removeLast()
      condition.unlock()
      defer {
        condition.lock()
        free.append(field)
        condition.signal()
        condition.unlock()
      }
      return body(field)
    }
  }

  /// - Throws: `RunError` naming the parameter in which the lattice is another than the one that was learnt.
  static func check(_ model: ForceFieldModel, against system: [String: Attribute]) throws {
    let known = try model.physics.values
    for name in LatticePhysics.ofForce {
      guard let own = known[name], let other = system[name]?.number, own != other else { continue }
      throw RunError(
        .badInput,
        "the force field learnt a lattice of \(name) = \(own), this one has \(other): its electrons are others. Train one for it"
      )
    }
    if let shape = system["schedule"]?["shape"]?.text, shape != "constant" {
      throw RunError(
        .badInput, "the force field learnt one temperature, the lattice's changes (`schedule: \(shape)`)")
    }
  }

  /// What each index gives, shared out over the fields, each of which one thread uses.
  static func spread<Value>(
    _ count: Int, over fields: [ForceField], _ body: (ForceField, Int) -> Value?
  ) -> [Value?] {
    var found = [Value?](repeating: nil, count: count)
    withoutActuallyEscaping(body) { body in
      found.withUnsafeMutableBufferPointer { found in
        let shared = Shared(target: found, fields: fields, body: body)
        Workers(count: fields.count).split(count) { worker, range in
          for k in range { shared.target[k] = shared.body(shared.fields[worker], k) }
        }
      }
    }
    return found
  }

  /// Workers write to places of their own, and each has a field of its own.
  private struct Shared<Value>: @unchecked Sendable {
    let target: UnsafeMutableBufferPointer<Value?>
    let fields: [ForceField]
    let body: (ForceField, Int) -> Value?
  }
}
