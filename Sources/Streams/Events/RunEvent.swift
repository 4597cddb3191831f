/// What a run tells whoever watches it: the page, the report, the terminal.
///
/// Whoever draws an event knows nothing of what it is about: names, axis labels and units are given by whoever sends it,
/// once. As JSON, an event is an object whose `kind` says which of these it is; see `RunEvent+Coding`.
public enum RunEvent: Sendable, Equatable {
  /// One more point of each of a chart's lines, by the line's name.
  case point(Chart, x: Double, values: [String: Double])
  /// All lines of a chart anew.
  case curves(Chart, [Series])
  /// A field of numbers over two axes, anew.
  case image(Chart, Image)
  /// A row of a table; one with the same key takes the place of the last.
  case row(Row)
  /// How far a piece of work of known length is.
  case progress(Progress)
  case graph(GraphSnapshot, bottleneck: String)
  case message(String)
  /// What the run is: said once, at its start.
  case about(About)

  /// The word that stands for the case in JSON.
  public var kind: String {
    switch self {
    case .point: "point"
    case .curves: "curves"
    case .image: "image"
    case .row: "row"
    case .progress: "progress"
    case .graph: "graph"
    case .message: "message"
    case .about: "about"
    }
  }
}

extension RunEvent {
  /// What an axis shows, such as `time` in `s`.
  public struct Axis: Codable, Sendable, Equatable {
    public var label: String
    /// Nil for a pure number and where the unit is not known.
    public var unit: String?
    public var isLogarithmic: Bool

    public init(_ label: String, unit: String? = nil, isLogarithmic: Bool = false) {
      self.label = label
      self.unit = unit
      self.isLogarithmic = isLogarithmic
    }

    /// Label and unit as they stand beside the axis: `time (s)`.
    public var title: String { unit.map { "\(label) (\($0))" } ?? label }
  }

  /// Which chart an event belongs to. Section and title together name it.
  public struct Chart: Codable, Sendable, Equatable {
    /// Charts of a section stand together under its name.
    public var section: String
    public var title: String
    /// Which of several like things is shown, such as `trajectory 3`. With another one, points begin anew.
    public var subject: String?
    public var x: Axis
    public var y: Axis

    public init(section: String, title: String, subject: String? = nil, x: Axis, y: Axis) {
      self.section = section
      self.title = title
      self.subject = subject
      self.x = x
      self.y = y
    }
  }

  /// A named line of a chart, equally spaced.
  public struct Series: Codable, Sendable, Equatable {
    public var name: String
    public var start: Double
    public var step: Double
    public var values: [Double]
    /// Drawn so that it can be seen above another line, as a prediction above what it predicts.
    public var isDashed: Bool

    public init(name: String, start: Double = 0, step: Double, values: [Double], isDashed: Bool = false) {
      self.name = name
      self.start = start
      self.step = step
      self.values = values
      self.isDashed = isDashed
    }
  }

  /// Numbers over two equally spaced axes, such as a field over time and place or over a plane.
  public struct Image: Codable, Sendable, Equatable {
    public var rows: Int
    public var columns: Int
    /// (rows, columns), row-major; the first row is drawn at the bottom.
    public var values: [Double]
    /// The values that the ends of the colour scale stand for.
    public var low: Double
    public var high: Double
    /// What the colours show.
    public var value: Axis
    /// Where the outer edges of the first and the last column lie on the chart's x axis.
    public var xRange: [Double]
    /// Where the outer edges of the first and the last row lie on the chart's y axis.
    public var yRange: [Double]

    /// - Parameters: as the properties; `low` and `high` are the smallest and largest finite value when nil, the ranges
    ///   number columns and rows when nil.
    /// - Precondition: `values` has `rows` × `columns` numbers.
    public init(
      rows: Int, columns: Int, values: [Double], low: Double? = nil, high: Double? = nil, value: Axis,
      xRange: ClosedRange<Double>? = nil, yRange: ClosedRange<Double>? = nil
    ) {
      precondition(
        rows >= 0 && columns >= 0 && values.count == rows * columns,
        "an image of \(rows) × \(columns) does not have \(values.count) values")
      let finite = values.lazy.filter(\.isFinite)
      self.rows = rows
      self.columns = columns
      self.values = values
      self.low = low ?? finite.min() ?? 0
      self.high = high ?? finite.max() ?? 1
      self.value = value
      self.xRange = xRange.map { [$0.lowerBound, $0.upperBound] } ?? [0, Double(columns)]
      self.yRange = yRange.map { [$0.lowerBound, $0.upperBound] } ?? [0, Double(rows)]
    }
  }

  /// A row of a table.
  public struct Row: Codable, Sendable, Equatable {
    /// A column's number.
    public struct Value: Codable, Sendable, Equatable {
      public var name: String
      public var value: Double

      public init(_ name: String, _ value: Double) {
        self.name = name
        self.value = value
      }
    }

    /// The table's title.
    public var table: String
    /// What the row is of; stands in its first column.
    public var key: String
    /// In the order of the columns.
    public var values: [Value]
    /// The row on one line, as the terminal prints it; nothing is printed when empty.
    public var words: String
    /// The row in a few words, as the status line has room for.
    public var brief: String
    /// What the numbers mean, in sentences.
    public var explanation: String

    public init(
      table: String, key: String, values: [Value], words: String = "", brief: String = "", explanation: String = ""
    ) {
      self.table = table
      self.key = key
      self.values = values
      self.words = words
      self.brief = brief
      self.explanation = explanation
    }
  }

  /// What a run is, for whoever finds its page or report later.
  public struct About: Codable, Sendable, Equatable {
    /// One thing to know, such as `seed` and `1`.
    public struct Fact: Codable, Sendable, Equatable {
      public var name: String
      public var value: String

      public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
      }
    }

    public var facts: [Fact]
    /// The pipeline file as it was read.
    public var configuration: String

    public init(facts: [Fact], configuration: String) {
      self.facts = facts
      self.configuration = configuration
    }
  }

  /// Where a training stands.
  public struct Progress: Codable, Sendable, Equatable {
    /// Steps that are done.
    public var step: Int
    /// Steps that there will be.
    public var total: Int
    public var loss: Double
    /// Steps a second, lately.
    public var rate: Double
    /// Seconds until the last step, as far as can be told; nil where it cannot.
    public var secondsLeft: Double?

    public init(step: Int, total: Int, loss: Double, rate: Double, secondsLeft: Double? = nil) {
      self.step = step
      self.total = total
      self.loss = loss
      self.rate = rate
      self.secondsLeft = secondsLeft
    }
  }
}
