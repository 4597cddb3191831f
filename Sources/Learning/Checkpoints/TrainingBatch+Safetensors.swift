internal import Foundation

extension TrainingBatch {
  /// The batch as tensors: B samples of N intervals, each cut out of its window.
  func tensors(prefix: String) -> [String: Safetensors.Tensor] {
    let windows = samples.map { $0.window.part($0.offset..<($0.offset + steps)) }
    let (count, L) = (windows.count, sites)
    func fields(_ name: String, _ values: [Float], _ frames: Int) -> [String: Safetensors.Tensor] {
      let size = SurrogateState.size(sites: L)
      func part(_ range: Range<Int>, shape: [Int]) -> Safetensors.Tensor {
        var numbers: [Float] = []
        numbers.reserveCapacity(count * frames * range.count)
        for frame in 0..<(count * frames) {
          numbers += values[(frame * size + range.lowerBound)..<(frame * size + range.upperBound)]
        }
        return Safetensors.Tensor(numbers, shape: [count, frames] + shape)
      }
      let matrix = 2 * L * L
      return [
        "\(prefix)\(name)rho": part(0..<matrix, shape: [L, L, 2]),
        "\(prefix)\(name)Q": part(matrix..<(matrix + L), shape: [L]),
        "\(prefix)\(name)P": part((matrix + L)..<(matrix + 2 * L), shape: [L]),
      ]
    }
    var tensors = fields("", windows.flatMap(\.values), steps + 1)
    if windows.allSatisfy({ $0.rates != nil }) {
      tensors.merge(fields("d", windows.flatMap { $0.rates ?? [] }, steps)) { $1 }
    }
    tensors["\(prefix)trajectory"] = Safetensors.Tensor(integers: windows.map(\.trajectory))
    tensors["\(prefix)frame"] = Safetensors.Tensor(integers: windows.map(\.start))
    return tensors
  }

  /// Reads a batch back; every sample becomes a window of its own. Numbers need not be finite: that may be why it was
  /// kept.
  init(_ file: Safetensors, prefix: String, name: String) throws {
    func fail(_ reason: String) -> LearningError { LearningError(.checkpointMismatch, "\(name): \(reason)") }
    guard let rho = file.tensors[prefix + "rho"], rho.shape.count == 5, rho.shape[4] == 2,
      rho.shape[2] == rho.shape[3], rho.shape[1] >= 2, rho.shape[0] >= 1, (2...4096).contains(rho.shape[2]),
      let trajectories = file.tensors[prefix + "trajectory"]?.integers,
      let starts = file.tensors[prefix + "frame"]?.integers, trajectories.count == rho.shape[0],
      starts.count == rho.shape[0]
    else { throw fail("it holds no batch") }
    let (count, steps, L) = (rho.shape[0], rho.shape[1] - 1, rho.shape[2])
    func fields(_ field: String, _ frames: Int) throws -> [[Float]] {
      let shapes = [("rho", [L, L, 2]), ("Q", [L]), ("P", [L])]
      let parts = try shapes.map { tensor, shape in
        guard let stored = file.tensors[prefix + field + tensor], stored.shape == [count, frames] + shape,
          let floats = stored.floats
        else {
          throw fail("tensor \(prefix)\(field)\(tensor) is missing or not F32 of shape \([count, frames] + shape)")
        }
        return floats
      }
      return (0..<count).map { sample in
        (0..<frames).flatMap { frame in
          parts.flatMap { part in
            let size = part.count / (count * frames)
            return part[((sample * frames + frame) * size)..<((sample * frames + frame + 1) * size)]
          }
        }
      }
    }
    let values = try fields("", steps + 1)
    let rates = file.tensors[prefix + "drho"] == nil ? nil : try fields("d", steps)
    self.init(
      unchecked: (0..<count).map { k in
        TrainingSample(
          TrainingWindow(
            unchecked: trajectories[k], start: starts[k], sites: L, steps: steps, values: values[k], rates: rates?[k]))
      }, steps: steps)
  }
}

extension Safetensors.Tensor {
  /// A vector of type I64.
  init(integers: [Int]) {
    var bytes = Data(capacity: 8 * integers.count)
    for value in integers { withUnsafeBytes(of: Int64(value).littleEndian) { bytes.append(contentsOf: $0) } }
    self.init(type: "I64", shape: [integers.count], bytes: bytes)
  }

  /// The numbers of a vector of type I64; nil for others.
  var integers: [Int]? {
    guard type == "I64", shape.count == 1, bytes.count % 8 == 0 else { return nil }
    return bytes.withUnsafeBytes { raw in
      (0..<(raw.count / 8)).map {
        Int(Int64(littleEndian: raw.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self)))
      }
    }
  }
}
