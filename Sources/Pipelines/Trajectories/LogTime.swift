internal import Streams

/// The time in a row of a log: a number, or a date as ISO 8601 writes it, which becomes seconds since 1970.
///
/// A space may stand for the T; a date without a zone is taken as UTC, one without a time as its midnight:
/// `2000-12-31T23:59:59.5+01:00`, `2000-12-31`.
enum LogTime {
  /// Nil for a text that is neither.
  static func seconds(_ text: String) -> Double? {
    var text = text
    return text.withUTF8 { bytes in
      if case .number(let number) = DecimalNumber(UnsafeRawBufferPointer(bytes)) { return number }
      return date(UnsafeRawBufferPointer(bytes))
    }
  }

  /// Seconds since 1970; nil for what is no date, or has more behind it.
  static func date(_ text: UnsafeRawBufferPointer) -> Double? {
    if text.count == 10 { return midnight(text) }
    guard (19...40).contains(text.count), text[4] == minus, text[7] == minus, text[13] == colon, text[16] == colon,
      [UInt8(ascii: "T"), UInt8(ascii: "t"), UInt8(ascii: " ")].contains(text[10]),
      let year = number(text, 0..<4), let month = number(text, 5..<7), let day = number(text, 8..<10),
      let hour = number(text, 11..<13), let minute = number(text, 14..<16), let second = number(text, 17..<19),
      (1...12).contains(month), day >= 1, day <= length(of: month, year), hour < 24, minute < 60, second < 60
    else { return nil }
    var place = 19
    var fraction = 0.0
    if place < text.count, text[place] == UInt8(ascii: ".") {
      let digits = text[(place + 1)...].prefix { (48...57).contains($0) }
      guard !digits.isEmpty,
        case .number(let value) = DecimalNumber(UnsafeRawBufferPointer(rebasing: text[place..<digits.endIndex]))
      else { return nil }
      fraction = value
      place = digits.endIndex
    }
    guard let zone = zone(text, from: place) else { return nil }
    return Double(days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - zone) + fraction
  }

  /// Of `2026-01-31`.
  private static func midnight(_ text: UnsafeRawBufferPointer) -> Double? {
    guard text[4] == minus, text[7] == minus, let year = number(text, 0..<4), let month = number(text, 5..<7),
      let day = number(text, 8..<10), (1...12).contains(month), day >= 1, day <= length(of: month, year)
    else { return nil }
    return Double(days(year, month, day) * 86400)
  }

  private static let minus = UInt8(ascii: "-")
  private static let colon = UInt8(ascii: ":")

  /// Seconds that the zone is ahead; 0 without one.
  private static func zone(_ text: UnsafeRawBufferPointer, from place: Int) -> Int? {
    guard place < text.count else { return 0 }
    switch text[place] {
    case UInt8(ascii: "Z"), UInt8(ascii: "z"): return place + 1 == text.count ? 0 : nil
    case UInt8(ascii: "+"), minus:
      let hasColon = place + 3 < text.count && text[place + 3] == colon
      let minutes = place + (hasColon ? 4 : 3)
      guard minutes + 2 == text.count, let hour = number(text, (place + 1)..<(place + 3)),
        let minute = number(text, minutes..<(minutes + 2)), hour < 24, minute < 60
      else { return nil }
      return (hour * 3600 + minute * 60) * (text[place] == minus ? -1 : 1)
    default: return nil
    }
  }

  private static func number(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
    var value = 0
    for byte in text[range] {
      guard case let digit = byte &- 48, digit < 10 else { return nil }
      value = value * 10 + Int(digit)
    }
    return value
  }

  private static func length(of month: Int, _ year: Int) -> Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  }

  /// Days since 1970-01-01 in the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms").
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let era = (year >= 0 ? year : year - 399) / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
