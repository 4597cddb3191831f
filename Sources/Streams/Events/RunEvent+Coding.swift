/// Events as JSON, with keys that do not depend on how Swift names things:
///
/// | `kind` | other members |
/// |---|---|
/// | `point` | `chart`, `x`, `values`: an object of numbers |
/// | `curves` | `chart`, `series`: an array of `name`, `start`, `step`, `values`, `isDashed` |
/// | `image` | `chart`, `image`: `rows`, `columns`, `values`, `low`, `high`, `value`, `xRange`, `yRange` |
/// | `row` | `row`: `table`, `key`, `values`: an array of `name` and `value`, `words`, `brief`, `explanation` |
/// | `progress` | `progress`: `step`, `total`, `loss`, `rate`, `secondsLeft` |
/// | `graph` | `graph`: `nodes` and `edges`, `bottleneck` |
/// | `message` | `text` |
/// | `about` | `about`: `facts`: an array of `name` and `value`, both text; `configuration` |
///
/// A `chart` has `section`, `title`, `subject`, `x` and `y`; an axis has `label`, `unit` and `isLogarithmic`. What is not
/// known is left out.
extension RunEvent: Codable {
  private enum CodingKeys: String, CodingKey {
    case kind, chart, x, values, series, image, row, progress, graph, bottleneck, text, about
  }

  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: CodingKeys.self)
    try object.encode(kind, forKey: .kind)
    switch self {
    case .point(let chart, let x, let values):
      try object.encode(chart, forKey: .chart)
      try object.encode(x, forKey: .x)
      try object.encode(values, forKey: .values)
    case .curves(let chart, let series):
      try object.encode(chart, forKey: .chart)
      try object.encode(series, forKey: .series)
    case .image(let chart, let image):
      try object.encode(chart, forKey: .chart)
      try object.encode(image, forKey: .image)
    case .row(let row): try object.encode(row, forKey: .row)
    case .progress(let progress): try object.encode(progress, forKey: .progress)
    case .graph(let graph, let bottleneck):
      try object.encode(graph, forKey: .graph)
      try object.encode(bottleneck, forKey: .bottleneck)
    case .message(let text): try object.encode(text, forKey: .text)
    case .about(let about): try object.encode(about, forKey: .about)
    }
  }

  public init(from decoder: any Decoder) throws {
    let object = try decoder.container(keyedBy: CodingKeys.self)
    func chart() throws -> Chart { try object.decode(Chart.self, forKey: .chart) }
    switch try object.decode(String.self, forKey: .kind) {
    case "point":
      self = .point(
        try chart(), x: try object.decode(Double.self, forKey: .x),
        values: try object.decode([String: Double].self, forKey: .values))
    case "curves": self = .curves(try chart(), try object.decode([Series].self, forKey: .series))
    case "image": self = .image(try chart(), try object.decode(Image.self, forKey: .image))
    case "row": self = .row(try object.decode(Row.self, forKey: .row))
    case "progress": self = .progress(try object.decode(Progress.self, forKey: .progress))
    case "graph":
      self = .graph(
        try object.decode(GraphSnapshot.self, forKey: .graph),
        bottleneck: try object.decode(String.self, forKey: .bottleneck))
    case "message": self = .message(try object.decode(String.self, forKey: .text))
    case "about": self = .about(try object.decode(About.self, forKey: .about))
    case let kind:
      throw DecodingError.dataCorruptedError(
        forKey: .kind, in: object, debugDescription: "there is no kind of event `\(kind)`")
    }
  }
}
