import Testing

@testable import Tensors

struct SolveTests {
  @Test("A symmetric system is solved for several right-hand sides, and an indefinite one is refused")
  func solve() throws {
    // Upper triangle set to nonsense: it is not read.
    let a: [Double] = [4, 99, 99, 1, 3, 99, 0, 1, 2]
    let x = try #require(BLAS.solveSymmetric(a, [5, 5, 3, 4, 1, 0], n: 3))
    for (got, expected) in zip(x, [1, 1, 1, 1, 0, 0].map(Double.init)) { #expect(abs(got - expected) < 1e-14) }
    #expect(BLAS.solveSymmetric([1, 0, 2, 1], [1, 1], n: 2) == nil)
  }
}
