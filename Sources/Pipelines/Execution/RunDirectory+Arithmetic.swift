internal import Foundation
internal import Streams
internal import Tensors

extension RunDirectory {
  /// Notes which machine code computes the run, and says so when a run goes on with another than it was begun with.
  /// - Throws: `RunError` when the folder cannot be written.
  static func noteArithmetic(in folder: RunDirectory, _ events: EventHub) throws {
    let file = folder.file("arithmetic.txt")
    let known = ((try? String(contentsOf: file, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    if let begun = known.last, let sentence = Arithmetic.current.difference(from: begun) {
      events.send(.message(sentence))
    }
    guard known.last != Arithmetic.current.id else { return }
    let text = (known + [Arithmetic.current.id]).joined(separator: "\n") + "\n"
    do { try text.write(to: file, atomically: true, encoding: .utf8) } catch {
      throw RunError(.unwritable, "cannot write \(file.path): \(error.localizedDescription)")
    }
  }
}
