import Foundation
import Peak
import Systems
import Tensors

// Microseconds of one RK4 step of one trajectory on one core, in ensembles of eight a core, float64, beside a notebook's NumPy
// and SciPy on the same machine. Floating-point operations are counted for the half of ρ that the kernel keeps: 18 an
// element and stage, L (L/2 + 1) elements, four stages.

let dgemm = Peak.dgemm(threads: 1)
BLAS.setThreads(1)
print(String(format: "dgemm %.1f GFLOP/s on one core, memcpy %.1f GB/s", dgemm, Peak.memcpy()))
print("published C++ on this kind of machine: 61–85, 184–204, 908–1058 µs at L = 16, 32, 64")
print("   L   µs/step/core   with 2 cores   of dgemm   state kB   NumPy/SciPy µs    ratio")
for sites in [16, 32, 64, 128, 256, 512] {
  let steps = max(2, 2_000_000 / (sites * sites))
  func time(workers: Int) throws -> Double {
    var configuration = EnsembleConfiguration(preset: .deep, sites: sites, seed: 1)
    configuration.preSteps = 0
    configuration.saveEvery = steps
    var ensemble = try HolsteinEnsemble(configuration, trajectories: 0..<(8 * workers), workers: workers)
    _ = ensemble.advance()
    return Peak.seconds(repeats: 4) { _ = ensemble.advance() } / Double(steps * 8 * workers) * 1e6
  }
  let one = try time(workers: 1)
  let two = try time(workers: 2) * 2
  let operations = 18.0 * 4 * Double(sites * (sites / 2 + 1))
  let process = Process()
  process.executableURL = URL(filePath: ".venv/bin/python")
  process.arguments = ["tools/Benchmarks/peers/lattice.py", "\(sites)", "\(max(2, steps / 40))"]
  let pipe = Pipe()
  process.standardOutput = pipe
  try process.run()
  let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  let peer = Double(output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? .nan
  let kilobytes = Double(2 * sites * (sites / 2 + 1) * 8) / 1e3
  print(
    String(
      format: "%4d %14.2f %14.2f %9.0f %% %9.0f %16.0f %8.0f", sites, one, two, 100 * operations / one / 1e3 / dgemm,
      kilobytes,
      peer, peer / one))
}
