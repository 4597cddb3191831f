#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The density by all eigenvectors of H (LAPACK): the reference, of order N³.
struct DiagonalSolver: ElectronSolver {
  func solve(_ problem: ElectronProblem, wantsEnergy: Bool) throws(SystemError) -> ElectronState {
    try check(problem)
    let n = problem.count
    var matrix = [Double](repeating: 0, count: n * n)
    let hopping = -problem.hopping
    problem.lattice.forEach { i, right, left, down, up in
      matrix[i * n + i] = problem.onsite[i]
      for j in [right, left, down, up] { matrix[i * n + j] = hopping }
    }
    let eigen = try SymmetricEigen(matrix, size: n)
    let levels = FermiLevels(energies: eigen.values, temperature: problem.temperature)
    let mu = problem.ensemble == .canonical ? levels.halfFilling : 0
    var density = [Double](repeating: 0.5, count: n)
    // n = ½ − ½ Σ_m tanh(…) U_im²: exact where all levels pair, and no sum of many ones.
    eigen.vectors.withUnsafeBufferPointer { vectors in
      for m in 0..<n {
        let weight = 0.5 * tanh((eigen.values[m] - mu) / (2 * problem.temperature))
        let row = vectors.baseAddress! + m * n
        for i in 0..<n { density[i] -= weight * row[i] * row[i] }
      }
    }
    return ElectronState(
      density: density, chemicalPotential: mu, grandPotential: wantsEnergy ? levels.grandPotential(mu) : nil)
  }
}
