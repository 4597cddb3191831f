internal import Foundation
internal import Trajectories

extension Safetensors {
  /// The file of a model that is a fitted linear readout.
  init(
    readout family: ModelFamily, scales: FieldScales, layout: StateLayout?, diagonal: [Float], offDiagonal: [Float],
    features: Int
  ) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    self.init(
      tensors: [
        "readout.diagonal": Tensor(diagonal, shape: [4, features + 1]),
        "readout.off_diagonal": Tensor(offDiagonal, shape: [4, features + 1]),
      ],
      metadata: [
        ModelFileKey.family: family.rawValue,
        "holstream.scalars": String(decoding: try encoder.encode(scales), as: UTF8.self),
      ])
    if let layout { metadata[ModelFileKey.layout] = try JSON.text(layout) }
  }

  /// Reads what the initialiser above wrote.
  func readout(features: Int) throws -> (scales: FieldScales, diagonal: [Float], offDiagonal: [Float]) {
    try refuseUnknown(
      keys: [ModelFileKey.family, "holstream.scalars", ModelFileKey.layout, "holstream.echo"],
      tensors: { ["readout.diagonal", "readout.off_diagonal"].contains($0) }, name: "the file")
    func weights(_ name: String) throws -> [Float] {
      guard let tensor = tensors[name], tensor.shape == [4, features + 1], let floats = tensor.floats else {
        throw LearningError(.checkpointMismatch, "tensor \(name) is missing or not F32 of shape [4, \(features + 1)]")
      }
      return floats
    }
    guard let json = metadata["holstream.scalars"],
      let scales = try? JSON.value(FieldScales.self, json), scales.isUsable
    else {
      throw LearningError(.checkpointMismatch, "the metadata entry holstream.scalars is missing or cannot be read")
    }
    return (scales, try weights("readout.diagonal"), try weights("readout.off_diagonal"))
  }
}

extension StateLayout {
  /// L of density matrices that a model with these scales can run on.
  func checkedMatrixSites(_ scales: FieldScales) throws -> Int {
    guard let sites = densityMatrixSites else {
      throw LearningError(
        .invalidData, "the model was fitted to a density matrix on a ring; the state consists of \(summary)")
    }
    try scales.check(self)
    return try NetworkModel.checked(sites)
  }
}
