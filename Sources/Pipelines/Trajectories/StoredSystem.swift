internal import Foundation
internal import Systems
internal import Trajectories
internal import Zarr

/// What system the states of a store are of.
enum StoredSystem {
  /// The system that the store's attributes describe, where it is one of ours; else its arrays, without equations.
  ///
  /// - Throws: `SystemError` for a system of ours whose attributes describe none or whose states are others, `StoreError`
  ///   for arrays that are no states.
  static func system(of reader: TrajectoryStoreReader, domain: Domain?) throws -> any SystemDescription {
    var attributes = reader.attributes.mapValues { Attribute($0) }
    let stated = attributes[StoreFields.layoutKey].flatMap { try? $0.decode(StateLayout.self) }
    // A field may be called like the array of another one's state half an interval before.
    let arrays = reader.fields.filter { stated?.field($0.name) != nil || !isDerived($0.name, reader) }
    let layout = try layout(of: reader, arrays, stated: stated, domain)
    for key in StoreFields.ownKeys { attributes[key] = nil }
    if let standardised = Standardisation(attributes) {
      return LoggedSystem(layout: layout, standardisation: standardised, attributes: attributes)
    }
    return try SystemCatalogue.description(of: layout, attributes: attributes, name: "recorded")
  }

  /// Whether an array belongs to another: the state half an interval before, or a derivative.
  private static func isDerived(_ name: String, _ reader: TrajectoryStoreReader) -> Bool {
    [StoreFields.midPrefix, StoreFields.tendencyPrefix].contains { prefix in
      name.hasPrefix(prefix) && reader.field(String(name.dropFirst(prefix.count))) != nil
    }
  }

  private static func field(_ array: TrajectoryField) -> Field {
    Field(
      array.name, shape: array.shape.map { max(1, $0) }, isComplex: array.dataType.components == 2,
      axes: array.dimensionNames.count == array.shape.count ? array.dimensionNames : nil,
      unit: array.attributes["units"]?.string ?? "", symbol: array.attributes["long_name"]?.string)
  }

  private static func layout(
    of reader: TrajectoryStoreReader, _ arrays: [TrajectoryField], stated: StateLayout?, _ domain: Domain?
  ) throws -> StateLayout {
    guard arrays.allSatisfy({ $0.shape.allSatisfy { $0 > 0 } }) else {
      throw StoreError(.unsupported, reader.url.path, "has an array with an axis without elements")
    }
    var found = StateLayout(arrays.map(field), domain: domain ?? .none)
    guard found.count <= StateLayout.largestCount else {
      throw StoreError(.unsupported, reader.url.path, "has states of \(found.count) numbers")
    }
    if let layout = stated {
      // What the store says counts as far as its arrays bear it out: the order of the fields, symbols, the domain.
      if layout.hasSameNumbers(as: found) {
        found = StateLayout(layout.fields, domain: domain ?? layout.domain)
      }
    }
    if let sites = domain?.sites, found.fields.contains(where: { $0.elements != sites && $0.elements != 1 }) {
      throw StoreError(
        .unsupported, reader.url.path, "has \(found.summary), which does not lie on a domain of \(sites) sites")
    }
    return found
  }
}
