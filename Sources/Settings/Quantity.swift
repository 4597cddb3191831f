/// Numbers with units, as people write them in a pipeline file.
public enum Quantity {
  /// `200ms`, `1.5 s`, `5 minutes`, `2 h`, `7 days`.
  public static func duration(_ text: String) -> Duration? {
    guard let (number, unit) = split(text) else { return nil }
    let seconds: Double
    switch unit {
    case "ms", "millisecond", "milliseconds": seconds = 1e-3
    case "s", "second", "seconds": seconds = 1
    case "min", "minute", "minutes": seconds = 60
    case "h", "hour", "hours": seconds = 3600
    case "d", "day", "days": seconds = 86400
    default: return nil
    }
    // A length of time that the clock can hold: some thousand years.
    let total = number * seconds
    return total <= 1e11 ? .seconds(total) : nil
  }

  /// `200 GB`, `64 MiB`, `1e9 B`.
  public static func bytes(_ text: String) -> Int? {
    guard let (number, unit) = split(text) else { return nil }
    let units = [
      "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 0x1p10, "mib": 0x1p20, "gib": 0x1p30, "tib": 0x1p40,
    ]
    guard let factor = units[unit] else { return nil }
    return Int(exactly: (number * factor).rounded())
  }

  private static func split(_ text: String) -> (Double, String)? {
    let trimmed = text.filter { $0 != " " && $0 != "_" }
    let unit = trimmed.reversed().prefix { $0.isLetter }.reversed()
    guard !unit.isEmpty, let number = Double(trimmed.dropLast(unit.count)), number >= 0, number.isFinite else {
      return nil
    }
    return (number, String(unit).lowercased())
  }
}
