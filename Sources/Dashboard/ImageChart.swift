import Foundation
import Streams

/// Numbers over two axes as an SVG picture, for where no script runs: the colours are a bitmap inside it.
struct ImageChart {
  let chart: RunEvent.Chart
  let image: RunEvent.Image

  private let width = 640.0, height = 260.0
  private let left = 84.0, right = 12.0, top = 34.0, bottom = 40.0
  /// From low to high, dark to light (viridis, by five of its colours).
  private static let stops: [(Double, Double, Double)] = [
    (68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37),
  ]

  init(chart: RunEvent.Chart, image: RunEvent.Image) {
    self.chart = chart
    self.image = image
  }

  func svg() -> String {
    let title = Markup.escape(chart.fullTitle)
    var body = "<text x=\"\(Int(left))\" y=\"18\" class=\"title\">\(title)</text>"
    func text(_ x: Double, _ y: Double, _ anchor: String, _ words: String, _ more: String = "") {
      body += "<text x=\"\(Int(x))\" y=\"\(Int(y))\" text-anchor=\"\(anchor)\"\(more)>\(Markup.escape(words))</text>"
    }
    if image.rows > 0, image.columns > 0, image.values.count == image.rows * image.columns {
      body +=
        "<image x=\"\(left)\" y=\"\(top)\" width=\"\(width - left - right)\" height=\"\(height - top - bottom)\" preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" href=\"data:image/bmp;base64,\(Data(bitmap).base64EncodedString())\"/>"
      let (x, y) = (image.xRange, image.yRange)
      text(left, height - bottom + 16, "middle", short(x.first))
      text(width - right, height - bottom + 16, "end", short(x.last))
      text(left - 6, height - bottom, "end", short(y.first))
      text(left - 6, top + 8, "end", short(y.last))
      text((left + width) / 2, height - 6, "middle", chart.x.title)
      text(14, height / 2, "middle", chart.y.title, " transform=\"rotate(-90 14 \(Int(height / 2)))\"")
      text(
        width - right, 18, "end", "\(image.value.title) from \(short(image.low)) (dark) to \(short(image.high)) (light)"
      )
    } else {
      text(left, 120, "start", "Nothing to show yet.")
    }
    return
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(width)) \(Int(height))\" role=\"img\" aria-label=\"\(title)\">\(body)</svg>"
  }

  /// A Windows bitmap of 24 bits a pixel, whose first row is the lowest, as the image's is. What is not finite is grey.
  var bitmap: [UInt8] {
    let padding = (4 - 3 * image.columns % 4) % 4
    let size = (3 * image.columns + padding) * image.rows
    var bytes: [UInt8] = Array("BM".utf8)
    func append(_ number: Int, _ count: Int) { for k in 0..<count { bytes.append(UInt8(number >> (8 * k) & 255)) } }
    for (number, count) in [
      (54 + size, 4), (0, 4), (54, 4),  // The file: its size, nothing, where the pixels begin.
      (40, 4), (image.columns, 4), (image.rows, 4), (1, 2), (24, 2), (0, 4), (size, 4), (2835, 4), (2835, 4), (0, 8),
    ] { append(number, count) }
    for row in 0..<image.rows {
      for column in 0..<image.columns {
        let (red, green, blue) = color(image.values[row * image.columns + column])
        bytes += [blue, green, red]
      }
      bytes += [UInt8](repeating: 0, count: padding)
    }
    return bytes
  }

  private func color(_ value: Double) -> (UInt8, UInt8, UInt8) {
    guard value.isFinite else { return (128, 128, 128) }
    let share = image.high > image.low ? min(1, max(0, (value - image.low) / (image.high - image.low))) : 0.5
    let at = (share.isFinite ? share : 0.5) * Double(Self.stops.count - 1)
    let index = min(Self.stops.count - 2, Int(at))
    let (low, high, part) = (Self.stops[index], Self.stops[index + 1], at - Double(index))
    func mixed(_ a: Double, _ b: Double) -> UInt8 { UInt8((a + part * (b - a)).rounded()) }
    return (mixed(low.0, high.0), mixed(low.1, high.1), mixed(low.2, high.2))
  }

  private func short(_ value: Double?) -> String { value.map { String(format: "%.4g", $0) } ?? "" }
}
