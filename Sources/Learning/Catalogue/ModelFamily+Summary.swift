extension ModelFamily {
  /// What it is, in a sentence, for `holstream models`.
  public var summary: String {
    switch self {
    case .cnn:
      "A residual convolutional network that predicts the change: density matrices, fields on rings and squares."
    case .parc: "Two such networks by way of time derivatives, trained on the equations of motion: density matrices."
    case .gnn: "A graph network, each site and the mean of its neighbours: fields on rings and squares."
    case .mlp: "A perceptron that connects every number of a state with every other; knows no neighbours."
    case .linearRegression:
      "The change is linear in the surroundings, or in the whole of a vector; fitted in closed form."
    case .echoState: "Random features with a memory of the surroundings, and a linear readout fitted in closed form."
    case .persistence: "Nothing changes: what every model must beat."
    default: ""
    }
  }
}
