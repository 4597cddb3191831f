internal import Climate
internal import Foundation
internal import Settings
internal import Systems
internal import Tensors
internal import Trajectories

/// `holstream exponents`: Lyapunov exponents of systems from their equations, with error bars.
public struct ExponentsJob: Sendable {
  private let words: [String]
  private let settings: [String]
  private let starts: Int
  private let frames: Int
  private let most: Int
  private let seed: UInt64
  private let surveys: Bool
  private let json: Bool

  /// - Parameters:
  ///   - words: Of the systems; all of the library of equations when empty.
  ///   - settings: `key=value` for each system's keys.
  ///   - starts: Trajectories; the error bars are from the scatter of their exponents.
  ///   - frames: Of each average.
  ///   - most: Exponents of each system, the largest ones.
  ///   - surveys: Whether means, deviations and the steps that a frame needs are told, too.
  public init(
    words: [String], settings: [String] = [], starts: Int = 8, frames: Int = 20_000, most: Int = 4, seed: UInt64 = 1,
    surveys: Bool = false, json: Bool = false
  ) {
    self.words = words
    self.settings = settings
    self.starts = starts
    self.frames = frames
    self.most = most
    self.seed = seed
    self.surveys = surveys
    self.json = json
  }

  /// What is found of one system.
  struct Found: Encodable, Sendable {
    var system: String
    /// In units of one over time, largest first; empty where no trajectory stays finite.
    var exponents: [Double] = []
    /// Standard errors of the means over starts.
    var errors: [Double] = []
    var kaplanYorkeDimension: Double?
    /// Of all averages together.
    var time = 0.0
    var starts = 0
    var survey: SystemSurvey?
    var problem: String?
  }

  /// Prints each system's line as soon as it is known.
  /// - Throws: `RunError` for words and settings that make no system.
  public func run(print: (String) -> Void) throws {
    guard (2...1000).contains(starts), (100...100_000_000).contains(frames), (1...64).contains(most) else {
      throw RunError(.usage, "exponents need 2 to 1000 starts, 100 to 100000000 frames and 1 to 64 exponents")
    }
    let words = words.isEmpty ? SystemCatalogue.kinds.map(\.word).filter(Self.isOfLibrary) : words
    let systems = try words.map { try SimulateJob.system($0, settings, seed: seed) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    if !json { print(Self.head) }
    for (word, system) in zip(words, systems) {
      let found = of(word, system)
      print(json ? String(decoding: try encoder.encode(found), as: UTF8.self) : Self.line(found))
      if Interruption.isRequested { throw RunError(.interrupted, "Stopped after `\(word)`.") }
    }
  }

  private func of(_ word: String, _ system: any DynamicalSystem) -> Found {
    var found = Found(system: word)
    do {
      if surveys {
        found.survey = try SystemSurvey(system, seed: seed)
        if found.survey == nil { found.problem = "no trajectory stays finite" }
      }
      let (seed, frames, count) = (seed, frames, min(most, system.layout.count))
      var ensemble = try system.ensemble(0..<starts, seed: seed, workers: 1)
      let first = try ensemble.advance().map(\.state.values)
      var spectra: [LyapunovSpectrum?] = Array(repeating: nil, count: starts)
      spectra.withUnsafeMutableBufferPointer { spectra in
        let shared = Shared(spectra: spectra.baseAddress!)
        Workers(count: min(starts, SimulateJob.cores)).split(starts) { _, range in
          for k in range {
            let map = system.stepMap()
            shared.spectra[k] = LyapunovSpectrum(
              from: first[k], exponents: count, timeStep: system.interval, transient: frames / 10, steps: frames,
              seed: seed + UInt64(k)
            ) { state in
              var state = state
              map(&state)
              return state
            }
          }
        }
      }
      let sound = spectra.compactMap(\.self)
      found.starts = sound.count
      guard sound.count > 1 else {
        found.problem = "trajectories do not stay finite; take a smaller dt"
        return found
      }
      found.time = sound.reduce(0) { $0 + $1.time }
      for k in 0..<count {
        let values = sound.map { $0.exponents.sorted(by: >)[k] }
        let mean = values.reduce(0, +) / Double(values.count)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        found.exponents.append(mean)
        found.errors.append((squares / Double(values.count * (values.count - 1))).squareRoot())
      }
      let dimensions = sound.compactMap(\.kaplanYorkeDimension)
      if count == system.layout.count, dimensions.count == sound.count {
        found.kaplanYorkeDimension = dimensions.reduce(0, +) / Double(dimensions.count)
      }
    } catch { found.problem = "\(error)" }
    return found
  }

  /// Workers write to places of their own.
  private struct Shared: @unchecked Sendable {
    let spectra: UnsafeMutablePointer<LyapunovSpectrum?>
  }

  private static func isOfLibrary(_ word: String) -> Bool {
    !SystemCatalogue.all.contains { $0.word == word }
  }

  private static let head = "| system | exponents | Kaplan–Yorke dimension | time |\n|---|---|---|---|"

  private static func line(_ found: Found) -> String {
    let exponents = zip(found.exponents, found.errors).map { String(format: "%.4g ± %.2g", $0, $1) }
    return "| \(found.system) | \(found.problem ?? exponents.joined(separator: ", ")) | "
      + (found.kaplanYorkeDimension.map { String(format: "%.3f", $0) } ?? "") + " | "
      + String(format: "%.3g |", found.time)
  }
}
