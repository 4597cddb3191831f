internal import Learning
internal import Trajectories

extension OnlineTraining.Settings {
  /// The scales that the file gives, field by field.
  /// - Throws: `RunError` for a key that is none of the state's fields'.
  func scales(of layout: StateLayout) throws -> FieldScales {
    var rest = givenScales
    var scales = FieldScales()
    for name in layout.fields.map(\.name) {
      // The whole name first: a field may begin with `d`.
      scales[name] = FieldScale(
        state: rest.removeValue(forKey: name) ?? 1, tendency: rest.removeValue(forKey: "d\(name)") ?? 1,
        increment: rest.removeValue(forKey: "delta-\(name)") ?? 1)
    }
    if let stray = rest.keys.sorted().first {
      throw RunError(
        .badInput,
        "scalars: there is no field that `\(stray)` could be a scale of; the state consists of \(layout.summary)")
    }
    return scales
  }
}
