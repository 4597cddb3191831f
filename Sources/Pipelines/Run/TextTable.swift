/// Rows of text in columns; where a terminal is too narrow for them, each row's cells one below the other.
struct TextTable {
  var head: [String]
  var rows: [[String]]

  /// - Parameter width: Characters of a line; nil where nobody counts them.
  func text(width: Int? = nil) -> String {
    let all = [head] + rows
    let columns = all.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in all.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    if let width, widths.reduce(0, +) + 2 * max(0, columns - 1) > width { return stacked }
    return all.filter { !$0.isEmpty }.map { row in
      zip(row, widths).map { $0.padded(to: $1 + 2) }.joined().trimmingSpaces
    }.joined(separator: "\n")
  }

  private var stacked: String {
    rows.map { row in
      let cells = row.enumerated().dropFirst().filter { !$0.element.isEmpty }
      return
        ([row.first ?? ""]
        + cells.map { index, cell in
          let name = index < head.count ? head[index] : ""
          return "  \(name.isEmpty ? "" : "\(name): ")\(cell)"
        }).joined(separator: "\n")
    }.joined(separator: "\n")
  }
}

extension String {
  fileprivate var trimmingSpaces: String {
    var text = self[...]
    while text.last == " " { text.removeLast() }
    return String(text)
  }

  /// The text with lines of at most `width` characters, broken between words; what is longer than a line stays whole.
  func wrapped(to width: Int, indent: String = "") -> String {
    guard count > width else { return self }
    var lines: [String] = []
    let lead = String(prefix { $0 == " " })
    var line = lead
    for word in split(separator: " ") {
      let begins = line.allSatisfy { $0 == " " }
      if !begins, line.count + 1 + word.count > width {
        lines.append(line)
        line = lead + indent + word
      } else {
        line += (begins ? "" : " ") + word
      }
    }
    return (lines + [line]).joined(separator: "\n")
  }
}
