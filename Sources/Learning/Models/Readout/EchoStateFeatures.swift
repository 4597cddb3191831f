internal import Foundation
internal import Trajectories

/// The hidden units of every place, as frames go by.
final class EchoStateFeatures: ReadoutFeatures {
  let surroundings: Surroundings
  private let settings: EchoStateSettings
  /// (S) 1 / s.
  private let inputScale: [Double]
  /// (inputs, units), (units), (degree, units) and (degree, units): by columns, so that neighbouring units add up side
  /// by side.
  private let input: [Double]
  private let bias: [Double]
  private let columns: [Int]
  private let weights: [Double]
  /// (channels, places) and (places, units).
  private var planes: [Double]
  private var hidden: [Double]
  private var seen: [Double]
  private var driven: [Double]

  init(
    _ surroundings: Surroundings, _ settings: EchoStateSettings, scales: FieldScales, input: [Float], bias: [Float],
    columns: [Float], weights: [Float]
  ) {
    self.surroundings = surroundings
    self.settings = settings
    let layout = surroundings.layout
    let states = scales.states(layout.fields.map(\.name)).map { 1 / Double($0) }
    inputScale = zip(layout.fields, states).flatMap { Array(repeating: $1, count: $0.count) }
    func transposed<Number>(_ values: [Float], _ number: (Float) -> Number) -> [Number] {
      let width = values.count / settings.units
      return (0..<values.count).map { number(values[$0 % settings.units * width + $0 / settings.units]) }
    }
    self.input = transposed(input) { Double($0) }
    self.bias = bias.map { Double($0) }
    self.columns = transposed(columns) { Int($0) }
    self.weights = transposed(weights) { Double($0) }
    planes = Array(repeating: 0, count: surroundings.embedding.count)
    hidden = Array(repeating: 0, count: surroundings.places * settings.units)
    seen = Array(repeating: 0, count: surroundings.count)
    driven = Array(repeating: 0, count: settings.units)
  }

  var count: Int { 1 + surroundings.count + settings.units }
  var level: Int { 0 }

  func forget() { for k in hidden.indices { hidden[k] = 0 } }

  func observe(_ state: UnsafePointer<Float>) {
    let units = settings.units
    let leak = settings.leak
    planes.withUnsafeMutableBufferPointer { planes in
      surroundings.embed(state, scale: inputScale, into: planes.baseAddress!)
      seen.withUnsafeMutableBufferPointer { seen in
        driven.withUnsafeMutableBufferPointer { driven in
          hidden.withUnsafeMutableBufferPointer { hidden in
            for place in 0..<surroundings.places {
              surroundings.gather(planes.baseAddress!, place, into: seen.baseAddress!)
              let own = hidden.baseAddress! + place * units
              drive(UnsafePointer(seen.baseAddress!), UnsafePointer(own), into: driven.baseAddress!)
              for unit in 0..<units { own[unit] += leak * (tanh(driven[unit]) - own[unit]) }
            }
          }
        }
      }
    }
  }

  /// driven = A h + W x + b.
  private func drive(
    _ x: UnsafePointer<Double>, _ h: UnsafePointer<Double>, into driven: UnsafeMutablePointer<Double>
  ) {
    let units = settings.units
    bias.withUnsafeBufferPointer { for unit in 0..<units { driven[unit] = $0[unit] } }
    input.withUnsafeBufferPointer { input in
      for k in 0..<surroundings.count {
        let (column, value) = (input.baseAddress! + k * units, x[k])
        for unit in 0..<units { driven[unit] += column[unit] * value }
      }
    }
    weights.withUnsafeBufferPointer { weights in
      columns.withUnsafeBufferPointer { columns in
        for k in stride(from: 0, to: settings.degree * units, by: units) {
          for unit in 0..<units { driven[unit] += weights[k + unit] * h[columns[k + unit]] }
        }
      }
    }
  }

  func write(_ place: Int, to features: UnsafeMutablePointer<Double>) {
    features[0] = 1
    planes.withUnsafeBufferPointer { surroundings.gather($0.baseAddress!, place, into: features + 1) }
    let own = features + 1 + surroundings.count
    hidden.withUnsafeBufferPointer { hidden in
      for unit in 0..<settings.units {
        let value = hidden[place * settings.units + unit]
        own[unit] = settings.squares && unit % 2 == 1 ? value * value : value
      }
    }
  }
}
