public import Trajectories

/// Part of a window, as long as the stage of the curriculum asks for.
public struct TrainingSample: Sendable, Equatable {
  public let window: TrainingWindow
  /// Where in the window the sample begins.
  public let offset: Int

  /// - Parameter offset: Frames to skip at the window's front.
  public init(_ window: TrainingWindow, offset: Int = 0) {
    precondition(offset >= 0 && offset < window.steps, "TrainingSample: offset \(offset) leaves no step of the window")
    self.window = window
    self.offset = offset
  }

  /// Trajectory and frame at which the sample begins: with the store, all that is needed to make it again.
  public var identity: SampleIdentity {
    SampleIdentity(trajectory: window.trajectory, frame: window.start + offset)
  }
}

/// Where in the data a sample begins.
public struct SampleIdentity: Codable, Sendable, Hashable {
  public let trajectory: Int
  public let frame: Int

  public init(trajectory: Int, frame: Int) {
    self.trajectory = trajectory
    self.frame = frame
  }
}

/// The samples of one optimizer step, all of one layout.
public struct TrainingBatch: Sendable, Equatable {
  public let samples: [TrainingSample]
  /// Intervals that the model is unrolled over, N.
  public let steps: Int

  /// - Throws: `LearningError` of code `invalidData` when there is no sample, or samples differ in layout, or one
  ///   is shorter than `steps`.
  public init(_ samples: [TrainingSample], steps: Int) throws {
    guard let first = samples.first, steps >= 1 else {
      throw LearningError(.invalidData, "a batch needs at least one sample and one step")
    }
    for sample in samples {
      guard sample.window.layout == first.window.layout, sample.window.steps - sample.offset >= steps else {
        throw LearningError(
          .invalidData,
          "a batch of \(steps) steps of \(first.window.layout.summary) got a sample of "
            + "\(sample.window.steps - sample.offset) steps of \(sample.window.layout.summary)")
      }
    }
    self.samples = samples
    self.steps = steps
  }

  init(unchecked samples: [TrainingSample], steps: Int) {
    self.samples = samples
    self.steps = steps
  }

  /// Where the samples begin: with the store, all that is needed to make the batch again.
  public var identities: [SampleIdentity] { samples.map(\.identity) }

  public var layout: StateLayout { samples[0].window.layout }
}
