/// What an operation sees during a replay: the memory of its inputs and of its output. A handful of pointers, made
/// without allocation.
struct TapePass {
  let places: UnsafePointer<TapePlace>
  let values: UnsafeMutablePointer<Float>
  let gradients: UnsafeMutablePointer<Float>
  let scratch: UnsafeMutablePointer<Float>
  let parameters: UnsafePointer<Float>
  let parameterGradients: UnsafeMutablePointer<Float>?
  /// The entry's inputs and itself, as indices of places.
  var inputs: UnsafePointer<Int>
  var output: Int

  /// Values of input `k`.
  func input(_ k: Int) -> UnsafePointer<Float> {
    let place = places[inputs[k]]
    return place.isParameter ? parameters + place.value : UnsafePointer(values + place.value)
  }

  /// Gradient of input `k` to add to, or nil where none is wanted.
  func inputGradient(_ k: Int) -> UnsafeMutablePointer<Float>? {
    let place = places[inputs[k]]
    guard let gradient = place.gradient else { return nil }
    return place.isParameter ? parameterGradients.map { $0 + gradient } : gradients + gradient
  }

  /// Values of the output, which is never a parameter for an operation that runs.
  var value: UnsafeMutablePointer<Float> { values + places[output].value }

  /// Gradient of the output; asked for in backward alone, where there is one.
  var gradient: UnsafePointer<Float> { UnsafePointer(gradients + places[output].gradient!) }

  var saved: UnsafeMutablePointer<Float> { values + places[output].saved }
}
