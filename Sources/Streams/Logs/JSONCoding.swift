public import Foundation

/// JSON as runs tell and log it: a number that JSON cannot hold, such as a diverged loss, is a string (`"NaN"`,
/// `"Infinity"`, `"-Infinity"`).
extension JSONEncoder {
  /// On one line, with the same bytes for the same value.
  public static var withInfinities: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return encoder
  }
}

extension JSONDecoder {
  /// Reads what `JSONEncoder.withInfinities` wrote.
  public static var withInfinities: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return decoder
  }
}
