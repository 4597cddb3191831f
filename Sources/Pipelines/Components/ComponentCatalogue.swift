/// Every component that this program has.
public enum ComponentCatalogue {
  public static let all: [any Component.Type] = [
    SimulateSource.self, HolsteinSource.self, DynamicalSystemSource.self, ReplaySource.self,
    ReplayObservablesSource.self, TailSource.self, CheckpointSource.self,
    StatesStage.self, ObserveStage.self, OnlineTrainerStage.self, RollingClimateStage.self, ForecastStage.self,
    VerdictStage.self,
    ZarrSink.self, JSONLinesSink.self, TensorBoardSink.self, DashboardSink.self,
  ]
}
