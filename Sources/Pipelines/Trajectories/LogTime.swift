internal import Foundation

/// The time in a row of a log: a number, or a date as ISO 8601 writes it, which becomes seconds since 1970.
///
/// A space may stand for the T; a date without a zone is taken as UTC.
struct LogTime: Sendable {
  /// The form that fitted last.
  private var last = 0
  private static let forms: [Date.ISO8601FormatStyle] = [false, true].flatMap { fraction in
    [Date.ISO8601FormatStyle.DateTimeSeparator.standard, .space].flatMap { separator in
      [true, false].map { hasZone in
        let form = Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day().dateTimeSeparator(separator)
          .time(includingFractionalSeconds: fraction)
        return hasZone ? form.timeZone(separator: .omitted) : form
      }
    }
  }

  /// Nil for a text that is neither.
  mutating func seconds(_ text: String) -> Double? {
    if let number = Double(text) { return number }
    // What parses dates reads on from a beginning that fits; a date is no longer than this.
    guard (19...35).contains(text.utf8.count) else { return nil }
    for form in [last] + Self.forms.indices.filter({ $0 != last }) {
      let style = Self.forms[form]
      guard let date = try? Date(text, strategy: style), Self.isWhole(text, form) else { continue }
      last = form
      return date.timeIntervalSince1970
    }
    return nil
  }

  /// Whether the text behind the seconds is a fraction and a zone as the form has them, and nothing else.
  private static func isWhole(_ text: String, _ form: Int) -> Bool {
    guard let match = text.dropFirst(19).wholeMatch(of: /(\.[0-9]+)?([Zz]|[+-][0-9]{2}:?[0-9]{2})?/) else {
      return false
    }
    return (match.1 != nil) == (form >= 4) && (match.2 != nil) == (form % 2 == 0)
  }
}
