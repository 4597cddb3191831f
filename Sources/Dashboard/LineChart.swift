import Foundation

/// A chart of lines as an SVG picture, for where no script runs.
struct LineChart {
  struct Line {
    var name: String
    var points: [(x: Double, y: Double)]
    /// Drawn dashed, as a model's line beside the truth's.
    var isDashed = false
  }

  var title: String
  var xTitle: String
  var yTitle = ""
  /// Whether the y axis is logarithmic.
  var isLogarithmic = false
  /// Whether the x axis is logarithmic.
  var isXLogarithmic = false
  var lines: [Line]

  private let width = 640.0, height = 260.0
  private let left = 84.0, right = 12.0, top = 34.0, bottom = 40.0
  private static let colors = ["#1f6feb", "#d1661a", "#2a9d5c", "#9b4dca", "#b3922a", "#c0395b"]

  /// The picture; a line is broken where a value is not finite, or not positive on a logarithmic axis.
  func svg() -> String {
    let heights = lines.map { line in line.points.map { (scale($0.x, isXLogarithmic), scale($0.y, isLogarithmic)) } }
    let all = heights.joined().filter { $0.0.isFinite && $0.1.isFinite }
    var body = "<text x=\"\(Int(left))\" y=\"18\" class=\"title\">\(Markup.escape(title))</text>"
    guard let firstX = all.map(\.0).min(), let lastX = all.map(\.0).max(),
      let low = all.map(\.1).min(), let high = all.map(\.1).max()
    else {
      return frame(body + "<text x=\"\(Int(left))\" y=\"120\">Nothing to show yet.</text>")
    }
    let spanX = lastX > firstX ? lastX - firstX : 1
    let margin = high > low ? (high - low) * 0.05 : (high == 0 ? 0.5 : abs(high) * 0.05)
    let spanY = high - low + 2 * margin
    func place(_ x: Double, _ y: Double) -> (Double, Double) {
      (
        left + (x - firstX) / spanX * (width - left - right),
        height - bottom - (y - low + margin) / spanY * (height - top - bottom)
      )
    }
    for tick in 0...4 {
      let share = Double(tick) / 4
      let y = low - margin + share * spanY
      let x = firstX + share * spanX
      let (px, py) = (place(x, low).0, place(firstX, y).1)
      body += "<path class=\"grid\" d=\"M\(fixed(left)) \(fixed(py))H\(fixed(width - right))\"/>"
      body +=
        "<text x=\"\(fixed(left - 6))\" y=\"\(fixed(py + 4))\" text-anchor=\"end\">\(short(isLogarithmic ? pow(10, y) : y))</text>"
      body +=
        "<text x=\"\(fixed(px))\" y=\"\(fixed(height - bottom + 16))\" text-anchor=\"\(tick == 4 ? "end" : "middle")\">\(short(isXLogarithmic ? pow(10, x) : x))</text>"
    }
    body +=
      "<text x=\"\(fixed((left + width) / 2))\" y=\"\(fixed(height - 6))\" text-anchor=\"middle\">\(Markup.escape(xTitle))</text>"
    let middle = fixed((top + height - bottom) / 2)
    body +=
      "<text x=\"14\" y=\"\(middle)\" text-anchor=\"middle\" transform=\"rotate(-90 14 \(middle))\">\(Markup.escape(yTitle))</text>"
    var legend = width - right
    for (index, line) in heights.enumerated().reversed() {
      let color = Self.colors[index % Self.colors.count]
      var path = ""
      var isOpen = false
      for (x, y) in thin(line) {
        guard x.isFinite, y.isFinite else {
          isOpen = false
          continue
        }
        let (px, py) = place(x, y)
        path += "\(isOpen ? "L" : "M")\(fixed(px)) \(fixed(py))"
        isOpen = true
      }
      let dashes = lines[index].isDashed ? " stroke-dasharray=\"6 4\"" : ""
      body += "<path d=\"\(path)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"1.6\"\(dashes)/>"
      body +=
        "<text x=\"\(fixed(legend))\" y=\"18\" text-anchor=\"end\" style=\"fill:\(color)\">\(Markup.escape(lines[index].name))</text>"
      legend -= 16 + 7 * Double(lines[index].name.count)
    }
    return frame(body)
  }

  private func frame(_ body: String) -> String {
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(width)) \(Int(height))\" role=\"img\" aria-label=\"\(Markup.escape(title))\">\(body)</svg>"
  }

  private func scale(_ value: Double, _ isLogarithmic: Bool) -> Double {
    isLogarithmic ? (value > 0 ? log10(value) : .nan) : value
  }

  /// At most some thousand points: more cannot be told apart on the picture's width.
  private func thin(_ points: [(Double, Double)]) -> [(Double, Double)] {
    let every = max(1, points.count / 1000)
    return points.enumerated().filter { $0.offset % every == 0 || $0.offset == points.count - 1 }.map(\.element)
  }

  private func fixed(_ value: Double) -> String { String(format: "%.1f", value) }
  private func short(_ value: Double) -> String { String(format: "%.4g", value) }
}
