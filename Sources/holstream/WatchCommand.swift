internal import ArgumentParser
import Foundation
import Pipelines

struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Follow a log of numbers: forecast it, score what is unusual, tell when it changes.",
    discussion: """
      For example: holstream watch sensor.csv --season 24
                   holstream watch sensor.jsonl --columns "level, flow" --alert "level score>4"
                   holstream watch sunspots.csv --no-follow --no-page --season 132

      Every column is forecast from its own past by a model that learns row by row, beside the value one season before and \
      a linear autoregression. The forecasts are lines of forecast.jsonl in the run's folder and numbers of the page's \
      /metrics. It runs a pipeline like any other: --print-pipeline shows the file. See docs/watch.md.
      """)

  @Argument(help: "A growing CSV or JSON-lines file.", completion: .file(extensions: ["csv", "jsonl"])) var file: String
  @Option(help: "Columns to watch, with commas; all numbers when left out.") var columns: String?
  @Option(help: "Column of the time.") var time: String?
  @Option(help: "linear, or nvar: with products of the newest values, too.") var model = "linear"
  @Option(help: "Rows of the past that count.") var lags = 12
  @Option(help: "Rows of a season; 0 for none.") var season = 0
  @Option(help: "Rows ahead at which errors are told, with commas.") var leads = "1, 3, 12"
  @Option(help: "Share of ordinary rows that raise an alarm.") var falseAlarms = 0.01
  @Option(help: "Rows between refits; after changes alone when left out.") var refitEvery: Int?
  @Option(help: "Rows of the rolling climate.") var window = 1000
  @Option(help: "A threshold, as in 'level score>4'; may be repeated.") var alert: [String] = []
  @Flag(help: "Stop with exit code 3 at the first alert.") var stopAtAlert = false
  @Option(help: "A shell command to start at an alert; HOLSTREAM_ALERT holds the message.") var command: String?
  @Flag(inversion: .prefixedNo, help: "Wait for more at the end of the file.") var follow = true
  @Flag(help: "Print the pipeline file and do nothing else.") var printPipeline = false
  @Flag(help: "Go on with the latest watch, or with the one that --directory names.") var resume = false
  @Option(help: "The run's own folder, instead of the next number under runs/watch.", completion: .directory)
  var directory: String?
  @OptionGroup var page: PageOptions

  func run() async throws {
    var pipeline = WatchPipeline(file: file)
    (pipeline.columns, pipeline.time, pipeline.follows) = (columns, time, follow)
    (pipeline.model, pipeline.lags, pipeline.season, pipeline.leads) = (model, lags, season, leads)
    (pipeline.falseAlarms, pipeline.refitEvery, pipeline.window) = (falseAlarms, refitEvery, max(2, window))
    (pipeline.alerts, pipeline.alertsStop, pipeline.command) = (alert, stopAtAlert, command)
    let text = try pipeline.text()
    if printPipeline { return try StandardStream.output.printResult(text.trimmingCharacters(in: .newlines)) }
    try AddressSpace.check()
    try await perform(
      PipelineDescription(text: text, name: "watch.yaml"), directory: directory, resuming: resume, page: page)
  }
}
