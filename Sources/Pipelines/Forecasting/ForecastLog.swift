internal import Foundation
internal import Streams

/// How far a run's logs of forecasts go, so that one that goes on does not write rows twice.
enum ForecastLog {
  private struct Line: Decodable { var frame: Int }

  /// Rows that every one of the logs holds; 0 without a log.
  /// - Throws: Foundation's error when a log is there and cannot be read.
  static func rows(in logs: [URL]) throws -> Int {
    try logs.map { log in
      var most = 0
      guard FileManager.default.fileExists(atPath: log.path) else { return 0 }
      try JSONLinesFollower.each(of: log) { line in
        if let frame = (try? JSONDecoder().decode(Line.self, from: Data(line.object.utf8)))?.frame {
          most = max(most, frame + 1)
        }
      }
      return most
    }.min() ?? 0
  }
}
