internal import Foundation

extension Safetensors {
  /// The file of a model that is a fitted linear readout.
  init(
    readout family: ModelFamily, scalars: DataScalars, diagonal: [Float], offDiagonal: [Float], features: Int
  ) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    self.init(
      tensors: [
        "readout.diagonal": Tensor(diagonal, shape: [4, features + 1]),
        "readout.off_diagonal": Tensor(offDiagonal, shape: [4, features + 1]),
      ],
      metadata: [
        ModelCatalogue.familyKey: family.rawValue,
        "holstream.scalars": String(decoding: try encoder.encode(scalars), as: UTF8.self),
      ])
  }

  /// Reads what the initialiser above wrote.
  func readout(features: Int) throws -> (scalars: DataScalars, diagonal: [Float], offDiagonal: [Float]) {
    func weights(_ name: String) throws -> [Float] {
      guard let tensor = tensors[name], tensor.shape == [4, features + 1], let floats = tensor.floats else {
        throw LearningError(.checkpointMismatch, "tensor \(name) is missing or not F32 of shape [4, \(features + 1)]")
      }
      return floats
    }
    guard let json = metadata["holstream.scalars"],
      let scalars = try? JSONDecoder().decode(DataScalars.self, from: Data(json.utf8)), scalars.isUsable
    else {
      throw LearningError(.checkpointMismatch, "the metadata entry holstream.scalars is missing or cannot be read")
    }
    return (scalars, try weights("readout.diagonal"), try weights("readout.off_diagonal"))
  }
}
