/// A stage that trains.
protocol Training {
  var settings: OnlineTraining.Settings { get }
}
