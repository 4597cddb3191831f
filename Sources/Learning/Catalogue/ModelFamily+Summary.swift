extension ModelFamily {
  /// What it is, in a sentence, for `holstream models`.
  public var summary: String {
    switch self {
    case .cnn:
      "A residual convolutional network that predicts the change: density matrices, fields on rings and squares."
    case .parc: "Two such networks by way of time derivatives, trained on the equations of motion: density matrices."
    case .gnn: "A graph network, each site and the mean of its neighbours: fields on rings and squares."
    case .directForce: "A force field: a graph network of displacements, a force a site; square lattices."
    case .energyForce: "A force field: a graph network of the energy, whose slope is the force; square lattices."
    case .descriptorForce: "A force field: a perceptron of 45 invariants of a site's surroundings; square lattices."
    case .equivariantForce: "A force field: convolutions over translations and the point group; square lattices."
    case .mlp: "A perceptron that connects every number of a state with every other; knows no neighbours."
    case .nvar:
      "Products of the last frames and a linear readout, fitted in closed form as the stream goes by; any state."
    case .fno: "A Fourier neural operator, which mixes the lowest Fourier modes: fields on a ring."
    case .neuralODE: "A perceptron of the time derivative, which rollouts integrate: states of few numbers."
    case .shallowPLRNN:
      "A shallow piecewise linear recurrent network, by generalised teacher forcing: chaotic attractors."
    case .almostLinearRNN: "A recurrent network with few nonlinear units, by sparse forcing: attractors as symbols."
    case .linearRegression:
      "The change is linear in the surroundings, or in the whole of a vector; fitted in closed form."
    case .echoState: "Random features with a memory of the surroundings, and a linear readout fitted in closed form."
    case .persistence: "Nothing changes: what every model must beat."
    default: ""
    }
  }
}
