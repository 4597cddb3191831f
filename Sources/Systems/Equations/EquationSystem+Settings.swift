internal import Foundation
public import Settings
public import Trajectories

extension EquationSystem {
  /// The equations of a file: keys `file`, and `name` where the file has several systems.
  public init(_ section: ConfigurationSection, seed: UInt64) {
    let file = section.optionalText("file", "File of equations; those of Lorenz where it is left out")
    let name = section.optionalText("name", "Which of the file's systems; the first where it is left out")
    var definition = EquationLibrary.fallback
    if let file {
      do throws(SystemError) { definition = try Self.definition(in: file, name: name) } catch {
        section.problem(error.message, key: error.key ?? "file")
        section.ignoreUnknownKeys()
      }
    }
    self.init(definition, isOwn: true, section)
  }

  /// A system of the library, or of a file that has been read, with its keys.
  init(_ definition: EquationDefinition, isOwn: Bool, _ section: ConfigurationSection) {
    let values = definition.parameters.map { parameter in
      section.number(parameter.name, default: parameter.value, in: -1e300...1e300, "Parameter of the equations")
    }
    let spread = section.number(
      "spread", default: Self.defaultSpread, in: 0...100, "How far trajectories begin apart, in typical magnitudes")
    let fallback = Self.sampling(of: definition, values)
    var sampling = fallback
    if definition.kind != .map {
      sampling.dt = section.number("dt", default: fallback.dt, in: 1e-9...Self.mostStep, "Time step")
    }
    sampling.saveEvery = section.integer(
      "every", default: fallback.saveEvery, in: 1...1_000_000_000, "Steps between frames")
    sampling.transient = section.integer(
      "transient", default: fallback.transient, in: 0...1_000_000_000, "Steps before the first frame")
    sampling.midInterval = section.flag(
      "mid-interval", default: false, "Frames carry the state half an interval before")
    do throws(SystemError) {
      self = try EquationSystem(definition, values: values, sampling: sampling, spread: spread, isOwn: isOwn)
    } catch {
      section.problem(error.message, key: error.key ?? "dt")
      self = EquationSystem(sound: definition, isOwn: isOwn)
    }
  }

  public init(attributes: [String: Attribute]) throws(SystemError) {
    guard let word = attributes["system"]?.text else {
      throw SystemError(.invalidAttribute, "the attribute `system` is missing", key: "system")
    }
    guard word == Self.word else {
      guard let definition = EquationLibrary.definition(word) else {
        throw SystemError(.invalidAttribute, "there is no system `\(word)`", key: "system")
      }
      try self.init(definition, isOwn: false, attributes)
      return
    }
    guard let text = attributes["equations"]?.text else {
      throw SystemError(
        .invalidAttribute, "the attribute `equations` of a system `equations` is missing", key: "equations")
    }
    try self.init(try Self.only(of: text, name: nil, "the attribute `equations`"), isOwn: true, attributes)
  }

  private init(_ definition: EquationDefinition, isOwn: Bool, _ attributes: [String: Attribute]) throws(SystemError) {
    let names = definition.parameters.map(\.name)
    let reader = try AttributeReader(
      attributes, system: isOwn ? Self.word : definition.name,
      keys: Sampling.keys.union(names).union(["spread", "equations"]))
    var values: [Double] = []
    for name in names { values.append(try reader.number(name)) }
    try self.init(
      definition, values: values, sampling: try Sampling(reader, mostStep: Self.mostStep),
      spread: try reader.number("spread"), isOwn: isOwn)
  }

  /// A definition that was read without a complaint makes a system with its own numbers.
  private init(sound definition: EquationDefinition, isOwn: Bool) {
    do { self = try EquationSystem(definition, isOwn: isOwn) } catch {
      preconditionFailure("equations of \(definition.name): \(error)")
    }
  }

  private static func definition(in file: String, name: String?) throws(SystemError) -> EquationDefinition {
    let data: Data
    do {
      let handle = try FileHandle(forReadingFrom: URL(filePath: file))
      defer { try? handle.close() }
      data = try handle.read(upToCount: EquationFile.mostBytes + 1) ?? Data()
    } catch {
      throw SystemError(.invalidParameter, "\(file) cannot be read: \(error.localizedDescription)", key: "file")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw SystemError(.invalidParameter, "\(file) is no text in UTF-8", key: "file")
    }
    return try only(of: text, name: name, file)
  }

  private static func only(of text: String, name: String?, _ place: String) throws(SystemError) -> EquationDefinition {
    let systems: [EquationDefinition]
    do { systems = try EquationFile.read(text) } catch {
      throw SystemError(.invalidAttribute, "\(place), \(error)", key: "file")
    }
    for system in systems {
      do { _ = try EquationSystem(system) } catch {
        throw SystemError(.invalidAttribute, "\(place), `\(system.name)`: \(error.message)", key: "file")
      }
    }
    guard let name else {
      guard let first = systems.first else {
        throw SystemError(.invalidAttribute, "\(place) holds no system: `flow NAME` begins one", key: "file")
      }
      return first
    }
    guard let found = systems.first(where: { $0.name == name }) else {
      throw SystemError(
        .invalidAttribute, Spelling.complaint("system", name, of: place, among: systems.map(\.name)), key: "name")
    }
    return found
  }
}
