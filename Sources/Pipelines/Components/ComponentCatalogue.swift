/// Every component there is.
enum ComponentCatalogue {
  static let all: [any Component.Type] = [
    SimulateSource.self, HolsteinSource.self, DynamicalSystemSource.self, ReplaySource.self,
    ReplayObservablesSource.self, TailSource.self, CheckpointSource.self,
    StatesStage.self, ObserveStage.self, OnlineTrainerStage.self, RollingClimateStage.self, VerdictStage.self,
    ZarrSink.self, JSONLinesSink.self, TensorBoardSink.self, DashboardSink.self,
  ]

  static func component(_ word: String) -> (any Component.Type)? { all.first { $0.word == word } }
}
