internal import Trajectories

extension TrainingBatch {
  /// The batch as tensors: B samples of N intervals, each cut out of its window. Each field of the states is
  /// `PREFIXstate.FIELD` (B, N + 1, shape…, 2 for a complex one), of the derivatives `PREFIXtendency.FIELD` (B, N, …).
  func tensors(prefix: String) -> [String: Safetensors.Tensor] {
    let windows = samples.map { $0.window.part($0.offset..<($0.offset + steps)) }
    var tensors: [String: Safetensors.Tensor] = [:]
    func add(_ name: String, _ values: [Float], _ frames: Int) {
      for (field, range) in zip(layout.fields, layout.ranges) {
        var numbers: [Float] = []
        numbers.reserveCapacity(windows.count * frames * range.count)
        for at in stride(from: 0, to: values.count, by: layout.count) {
          numbers += values[(at + range.lowerBound)..<(at + range.upperBound)]
        }
        tensors["\(prefix)\(name).\(field.name)"] = Safetensors.Tensor(
          numbers, shape: [windows.count, frames] + field.tensorShape)
      }
    }
    add("state", windows.flatMap(\.values), steps + 1)
    if windows.allSatisfy({ $0.tendencies != nil }) {
      add("tendency", windows.flatMap { $0.tendencies ?? [] }, steps)
    }
    tensors["\(prefix)trajectory"] = Safetensors.Tensor(integers: windows.map(\.trajectory))
    tensors["\(prefix)frame"] = Safetensors.Tensor(integers: windows.map(\.start))
    return tensors
  }

  /// Reads a batch back; every sample becomes a window of its own. Numbers need not be finite: that may be why it was
  /// kept.
  ///
  /// - Parameter layout: Of the states; nil for a batch that an earlier version kept, which says it by its shapes.
  init(_ file: Safetensors, prefix: String, layout: StateLayout?, name: String) throws {
    func fail(_ reason: String) -> LearningError { LearningError(.checkpointMismatch, "\(name): \(reason)") }
    var names = (state: "\(prefix)state.", tendency: "\(prefix)tendency.")
    var known = layout
    if let rho = file.tensors[prefix + PublishedNames.fields[0]], rho.shape.count == 5, rho.shape[2] == rho.shape[3],
      (2...4096).contains(rho.shape[2])
    {
      known = PublishedNames.layout(sites: rho.shape[2])
      names = (prefix, "\(prefix)d")
    }
    guard let layout = known, let first = file.tensors[names.state + layout.fields[0].name], first.shape.count >= 2,
      first.shape[0] >= 1, first.shape[1] >= 2,
      let trajectories = file.tensors[prefix + "trajectory"]?.integers,
      let starts = file.tensors[prefix + "frame"]?.integers, trajectories.count == first.shape[0],
      starts.count == first.shape[0]
    else { throw fail("it holds no batch") }
    let (count, steps) = (first.shape[0], first.shape[1] - 1)
    func states(_ prefix: String, _ frames: Int) throws -> [[Float]] {
      let parts = try layout.fields.map { field in
        let shape = [count, frames] + field.tensorShape
        guard let stored = file.tensors[prefix + field.name], stored.shape == shape, let floats = stored.floats else {
          throw fail("tensor \(prefix)\(field.name) is missing or not F32 of shape \(shape)")
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
    let values = try states(names.state, steps + 1)
    let hasTendencies = file.tensors[names.tendency + layout.fields[0].name] != nil
    let tendencies = hasTendencies ? try states(names.tendency, steps) : nil
    self.init(
      unchecked: (0..<count).map { k in
        TrainingSample(
          TrainingWindow(
            unchecked: trajectories[k], start: starts[k], layout: layout, steps: steps, values: values[k],
            tendencies: tendencies?[k]))
      }, steps: steps)
  }
}

extension Field {
  /// Shape of one state's numbers, with the parts of complex ones as the last axis.
  var tensorShape: [Int] { shape + (isComplex ? [2] : []) }
}
