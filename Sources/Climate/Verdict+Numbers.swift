extension Verdict {
  /// Every single number by its name, such as `RMSE deltaRho` or `deltaQ W1/empirical-quantiles`: what thresholds are set on.
  public var numbers: [String: Double] {
    var numbers: [String: Double] = [
      "RMSE rho": errors.rho, "RMSE Q": errors.q, "RMSE P": errors.p, "RMSE deltaRho": errors.deltaRho,
      "RMSE deltaQ": errors.deltaQ, "valid time": validTime, "survival": survival.last ?? 0,
      "trace drift": physics.traceDrift, "hermiticity defect": physics.hermiticityDefect,
      "energy drift per site": physics.energyDriftPerSite, "lowest density": physics.lowestDensity,
      "highest density": physics.highestDensity,
    ]
    for time in validTimes { numbers["valid time, \(time.norm)"] = time.median }
    for (observable, distance) in climate.distances {
      numbers[(observable.map { $0 + " " } ?? "") + distance.estimator] = distance.value
    }
    numbers["climate score"] = climateScore
    numbers["largest Lyapunov exponent"] = lyapunov?.model
    if let random = randomStarts {
      numbers["RMSE deltaRho, random starts"] = random.errors.deltaRho
      numbers["RMSE deltaQ, random starts"] = random.errors.deltaQ
      numbers["survival, random starts"] = random.survival.last ?? 0
    }
    return numbers
  }
}
