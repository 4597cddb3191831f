/// Error bars of means of correlated numbers.
enum BlockError {
  /// From the scatter of the means of consecutive blocks; nil for fewer numbers than blocks.
  static func standardError(of values: [Double], blocks: Int) -> Double? {
    guard values.count >= blocks, blocks >= 2 else { return nil }
    let means = (0..<blocks).map { block -> Double in
      let part = values[(block * values.count / blocks)..<((block + 1) * values.count / blocks)]
      return part.reduce(0, +) / Double(part.count)
    }
    let mean = means.reduce(0, +) / Double(blocks)
    let squares = means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(blocks * (blocks - 1))).squareRoot()
  }
}
