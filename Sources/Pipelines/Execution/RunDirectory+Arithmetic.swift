internal import Disk
internal import Foundation
internal import Streams
internal import Tensors

extension RunDirectory {
  /// Notes which machine code computes the run, and says so when a run goes on with another than it was begun with.
  /// - Throws: `DiskError` when the folder cannot be written.
  static func noteArithmetic(in folder: RunDirectory, _ events: EventHub) throws {
    let file = folder.file("arithmetic.txt")
    let known = folder.arithmetic
    if let begun = known.last, let sentence = Arithmetic.current.difference(from: begun) {
      events.send(.message(sentence))
    }
    guard known.last != Arithmetic.current.id else { return }
    let text = (known + [Arithmetic.current.id]).joined(separator: "\n") + "\n"
    try WholeFile.replace(file.path, with: text, durability: .complete)
  }
}
