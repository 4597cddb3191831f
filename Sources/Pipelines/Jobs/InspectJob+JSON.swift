internal import Foundation
internal import Learning
internal import Trajectories
internal import Zarr

extension InspectJob {
  /// What a store holds, for programs.
  struct StoreContent: Encodable {
    struct Array: Encodable {
      var name: String
      var type: String
      /// Of one frame.
      var shape: [Int]
    }
    struct Damage: Encodable {
      var trajectory: Int
      var frame: Int
      var reason: String
    }
    var store: String
    var trajectories: Int
    var frames: Int
    /// Frames of each trajectory.
    var lengths: [Int]
    var bytes: Int
    var isSealed: Bool
    /// Trajectories that were deleted to keep within bounds.
    var retired: Int
    var arrays: [Array]
    var attributes: [String: JSONValue]
    /// Of stores that were verified; empty where every chunk is whole.
    var damage: [Damage]?

    init(_ inspection: StoreInspection) {
      let reader = inspection.reader
      store = RunDirectory.shown(reader.url)
      trajectories = reader.trajectories
      lengths = (0..<reader.trajectories).map { reader.length($0) }
      frames = lengths.reduce(0, +)
      bytes = inspection.bytesOnDisk
      isSealed = reader.isSealed
      retired = reader.retired
      arrays = reader.fields.map { Array(name: $0.name, type: $0.dataType.rawValue, shape: $0.shape) }
      attributes = reader.attributes
      damage = inspection.damage?.map { Damage(trajectory: $0.trajectory, frame: $0.frame, reason: $0.reason) }
    }
  }

  /// What a checkpoint holds, for programs.
  struct CheckpointContent: Encodable {
    var checkpoint: String
    var summary: String
    var layout: StateLayout?
    var configuration: ModelConfiguration?
    var step: Int?
    var system: [String: Attribute]?
    var arithmetic: String?

    init(_ url: URL) throws {
      let model = try ModelCatalogue.model(contentsOf: url)
      checkpoint = RunDirectory.shown(url)
      summary = model.summary
      layout = model.layout
      guard let trained = model as? any TrainableModel else { return }
      configuration = trained.configuration
      let whole = try Checkpoint(contentsOf: url)
      step = whole.training?.step
      system = whole.system
      arithmetic = whole.arithmetic
    }
  }
}
