import Foundation
import Peak
import Systems
import Tensors
import Trajectories

// CPU milliseconds of one force of the square lattice on one core, by every engine, beside NumPy's eigh of the same matrix
// in the same run; the least of several, for the machine is shared. Hot random displacements, T = 0.1.

/// CPU seconds of one call: the least of several.
func seconds(_ body: () -> Void) -> Double {
  func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
  body()
  return (0..<5).map { _ in
    let start = now()
    body()
    return now() - start
  }.min() ?? .nan
}

func peer(_ arguments: [String]) throws -> [Double] {
  let process = Process()
  process.executableURL = URL(filePath: ".venv/bin/python")
  process.arguments = ["tools/Benchmarks/peers/square.py"] + arguments
  process.environment = ProcessInfo.processInfo.environment.merging(["OPENBLAS_NUM_THREADS": "1"]) { $1 }
  let pipe = Pipe()
  process.standardOutput = pipe
  try process.run()
  let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  return output.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
}

func milliseconds(_ sites: Int, _ electrons: ElectronConfiguration) throws -> Double {
  let system = try HolsteinSquareSystem(SquareParameters(sites: sites), electrons)
  var ensemble = try system.ensemble(0..<1, seed: 1)
  let state = try ensemble.advance()[0].state
  return seconds { _ = system.tendency(of: state, at: 0) } * 1e3
}

print(String(format: "dgemm %.1f GFLOP/s on one core (%@)", Peak.dgemm(threads: 1), Arithmetic.current.id))
BLAS.setThreads(1)
print(
  "   L   NumPy's eigh   diagonal  poles μ = 0  poles canonical   ratio | windowed, canonical, µs/site: R = 1     2     3     4"
)
for sites in [8, 12, 16, 24, 32, 40, 48] {
  let eigh = try peer(["\(sites)"]).first ?? .nan
  let diagonal = sites <= 40 ? try milliseconds(sites, ElectronConfiguration(engine: .diagonal)) : .nan
  let grand = try milliseconds(sites, ElectronConfiguration(ensemble: .grandCanonical, engine: .poles))
  let poles = try milliseconds(sites, ElectronConfiguration(engine: .poles))
  let windows = try (1...4).filter { 2 * $0 + 1 <= sites }.map { radius in
    try milliseconds(sites, ElectronConfiguration(engine: .windowed, radius: radius)) * 1e3 / Double(sites * sites)
  }
  print(
    String(
      format: "%4d %14.2f %10.2f %12.2f %16.2f %7.1f |                             ", sites, eigh, diagonal, grand,
      poles,
      eigh / poles)
      + windows.map { String(format: "%6.1f", $0) }.joined())
}
for sites in [64, 100, 200] {
  let grand = try milliseconds(sites, ElectronConfiguration(ensemble: .grandCanonical, engine: .poles))
  let window = try milliseconds(sites, ElectronConfiguration(engine: .windowed, radius: 2))
  print(
    String(
      format: "%4d poles at μ = 0 %.0f ms; windowed R = 2 %.0f ms (%.1f µs a site)", sites, grand, window,
      window * 1e3 / Double(sites * sites)))
}
