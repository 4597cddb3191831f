internal import Foundation
internal import Systems
internal import Tensors
internal import Trajectories
internal import Zarr

/// How the frames of a system lie in a store: an array for each field, `mid_…` for the states half an interval before, and
/// `tendency_…` for derivatives that came with the frames.
enum StoreFields {
  static let midPrefix = "mid_"
  static let tendencyPrefix = "tendency_"
  /// The attribute of a store that holds the layout of its states.
  static let layoutKey = "layout"
  /// Attributes that a store adds to those of its system.
  static let ownKeys = [layoutKey, "written_by", arithmeticKey, assumedIntervalKey]
  /// True where `frame_interval` is 1 because nobody knows it.
  static let assumedIntervalKey = "frame_interval_assumed"
  /// The checkpoint that a store of rollouts was predicted by.
  static let predictedByKey = "predicted_by"
  /// The force field that the forces of a store are of, in place of its system's equations.
  static let forceFieldKey = "force_field"
  /// Which machine code computed the numbers.
  static let arithmeticKey = "arithmetic"

  /// - Parameter isSingle: Whether numbers are stored in single precision.
  static func fields(of layout: StateLayout, isSingle: Bool, withMids: Bool, withTendencies: Bool = false)
    -> [TrajectoryField]
  {
    let prefixes = [""] + (withMids ? [midPrefix] : []) + (withTendencies ? [tendencyPrefix] : [])
    return prefixes.flatMap { prefix in
      layout.fields.map { field in
        let type: ZarrDataType =
          field.isComplex ? (isSingle ? .complex64 : .complex128) : isSingle ? .float32 : .float64
        var attributes: [String: JSONValue] = [:]
        if prefix.isEmpty {
          if !field.unit.isEmpty { attributes["units"] = .string(field.unit) }
          if field.symbol != field.name { attributes["long_name"] = .string(field.symbol) }
        }
        return TrajectoryField(
          name: prefix + field.name, shape: field.shape, dataType: type, dimensionNames: field.axes,
          attributes: attributes)
      }
    }
  }

  /// What the root of a store says of its system.
  static func attributes(of system: any SystemDescription, interval: Double, seed: UInt64? = nil)
    -> [String: JSONValue]
  {
    var attributes = system.attributes.mapValues { JSONValue($0) }
    attributes["frame_interval"] = .number(interval)
    attributes["written_by"] = .string("holstream")
    attributes[arithmeticKey] = .string(Arithmetic.current.id)
    if let seed { attributes["seed"] = .number(Double(seed)) }
    if let layout = try? Attribute(encoding: system.layout) { attributes[layoutKey] = JSONValue(layout) }
    return attributes
  }

  /// Whether a store that is there can be gone on with.
  /// - Throws: `RunError` when its arrays are others, or its attributes are of another system than the one that comes: two
  ///   kinds of trajectories in one store could not be told apart.
  static func check(_ store: TrajectoryStoreReader, takes system: any SystemDescription) throws {
    let name = store.url.lastPathComponent
    _ = try Plan(store.fields, of: system.layout, in: name)
    // Stores of earlier versions name no system, and what is recorded may change its attributes.
    guard system is any DynamicalSystem, store.attributes["system"] != nil else { return }
    let stored = store.attributes.mapValues { Attribute($0) }
    let comes = system.attributes
    guard let key = comes.keys.sorted().first(where: { stored[$0] != comes[$0] }) else { return }
    throw RunError(
      .badInput, "\(name) was begun with another `\(key)` than the stream has now; choose another path or another run")
  }

  /// Where the numbers of each array of a store are in a frame.
  struct Plan: Sendable {
    private enum Part: Sendable { case state, mid, tendency }
    private let places: [(part: Part, range: Range<Int>)]

    /// - Throws: `RunError` when the arrays are not those of the layout.
    init(_ fields: [TrajectoryField], of layout: StateLayout, in store: String) throws {
      places = try fields.map { field in
        for (prefix, part) in [("", Part.state), (midPrefix, .mid), (tendencyPrefix, .tendency)] {
          guard field.name.hasPrefix(prefix), let own = layout.field(String(field.name.dropFirst(prefix.count))),
            own.shape == field.shape, own.isComplex == (field.dataType.components == 2)
          else { continue }
          return (part, layout.range(own.name))
        }
        throw RunError(
          .badInput,
          "\(store) has an array \(field.name) \(field.shape), which the stream lacks; it brings \(layout.summary). Choose another path"
        )
      }
      let held = Set(fields.map(\.name))
      if let missing = layout.fields.first(where: { !held.contains($0.name) }) {
        throw RunError(
          .badInput, "\(store) has no array for \(missing.name), which the stream brings. Choose another path")
      }
    }

    /// Puts the numbers of one array into memory that a writer offers; a state that the frame lacks is a visible hole.
    func put(_ frame: Frame, _ index: Int, _ field: TrajectoryField, into target: UnsafeMutableRawBufferPointer) {
      let (part, range) = places[index]
      let state =
        switch part {
        case .state: Optional(frame.state)
        case .mid: frame.mid
        case .tendency: frame.tendency
        }
      guard let state else { return field.put(Array(repeating: .nan, count: range.count), into: target) }
      state.values.withUnsafeBufferPointer {
        field.put(UnsafeBufferPointer(rebasing: $0[range]), into: target)
      }
    }
  }
}

extension TrajectoryStoreWriter {
  /// Appends a frame straight from its numbers.
  func append(_ frame: Frame, _ plan: StoreFields.Plan) throws(StoreError) {
    try append(trajectory: frame.trajectory, time: frame.time) { index, target in
      plan.put(frame, index, layout.fields[index], into: target)
    }
  }
}
