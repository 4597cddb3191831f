internal import Foundation
internal import Trajectories

/// How a run's log began: what its rows are standardised by, and its first row. It is kept in the run's folder, so that a
/// run that goes on goes on in the same units, and says so when the log is another one.
struct LogBeginning: Codable, Sendable, Equatable {
  var standardisation: Standardisation
  var interval: Double
  /// The first frame's time and numbers, standardised.
  var time: Double
  var values: [Double]

  /// - Throws: `RunError` when the run was begun with other columns.
  func check(_ columns: [String], node: String) throws {
    let begun = standardisation.columns.map(\.name)
    guard begun != columns else { return }
    throw RunError(
      .badInput,
      "\(node): the run was begun with the columns \(begun.joined(separator: ", ")) and cannot go on with \(columns.joined(separator: ", ")); start a new run"
    )
  }

  /// The file in the run's folder, `standardisation-<node>.json`.
  struct File: Sendable {
    let kept: LogBeginning?
    private let url: URL

    /// - Throws: `RunError` for a file that cannot be read.
    init(_ directory: RunDirectory, node: String, isResuming: Bool) throws {
      url = directory.file("standardisation-\(node).json")
      guard isResuming, FileManager.default.fileExists(atPath: url.path) else {
        kept = nil
        return
      }
      do { kept = try JSONDecoder().decode(LogBeginning.self, from: Data(contentsOf: url)) } catch {
        throw RunError(.badInput, "\(url.path) cannot be read, by which the log is standardised; start a new run")
      }
    }

    /// Compares the log's first frame with the run's, or keeps it as that.
    /// - Throws: `RunError` when the log begins with another row than it did, or the folder cannot be written.
    func begin(_ first: Frame, _ assembler: StateAssembler, node: String) throws {
      let values = first.state.values
      guard let kept else {
        let beginning = LogBeginning(
          standardisation: assembler.standardisation!, interval: assembler.interval!, time: first.time, values: values)
        do { try JSONEncoder().encode(beginning).write(to: url, options: .atomic) } catch {
          throw RunError(.unwritable, "cannot write \(url.path): \(error.localizedDescription)")
        }
        return
      }
      guard kept.time != first.time || kept.values != values else { return }
      throw RunError(
        .badInput,
        "\(node): the log begins with another row (time \(first.time)) than when the run began (time \(kept.time)): it was rotated or replaced, and its rows would be taken for others. Put the older rows before it again, or start a new run"
      )
    }
  }
}
