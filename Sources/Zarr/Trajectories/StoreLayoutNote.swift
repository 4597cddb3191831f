internal import Foundation

/// Two notes beside a store, from which it is made whole again after a loss of power: what every `zarr.json` said when the
/// store was made, and how many frames of each trajectory are known to be on the disk.
///
/// They lie beside the store because readers of Zarr wonder about foreign files. Without them the store reads as well.
enum StoreLayoutNote {
  static func beside(_ store: URL, _ word: String) -> String {
    store.deletingLastPathComponent().appending(path: ".\(store.lastPathComponent).\(word)").path
  }

  // MARK: Metadata

  static func note(_ metadata: [String: JSONValue], of store: URL) throws(StoreError) {
    try Files.writeJSON(.object(metadata), to: beside(store, "metadata"), synchronised: true)
  }

  /// Every `zarr.json` by its path within the store; nil where there is no such note.
  static func metadata(of store: URL) -> [String: JSONValue]? {
    ((try? Files.json(beside(store, "metadata"))) ?? nil)?.object
  }

  // MARK: Lengths

  /// Notes lengths that are on the disk, as runs of trajectories of equal length.
  static func note(synchronised lengths: [Int], of store: URL) throws(StoreError) {
    var runs: [(count: Int, length: Int)] = []
    for length in lengths {
      if runs.last?.length == length { runs[runs.count - 1].count += 1 } else { runs.append((1, length)) }
    }
    let text = runs.map { "\($0.count) × \($0.length)\n" }.joined() + "end\n"
    try Files.replace(beside(store, "synchronised"), with: Array(text.utf8), synchronised: true)
  }

  /// Lengths that were on the disk when this was noted; nil where that is not known.
  static func synchronised(of store: URL) -> [Int]? {
    guard let bytes = (try? Files.read(beside(store, "synchronised"), atMost: 1 << 30)) ?? nil else { return nil }
    var lengths: [Int] = []
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    guard lines.last == "end" else { return nil }
    for line in lines.dropLast() {
      let numbers = line.components(separatedBy: " × ").compactMap { Int($0) }
      guard numbers.count == 2, numbers[0] >= 0, numbers[0] <= 100_000_000 - lengths.count else { return nil }
      lengths += Array(repeating: numbers[1], count: numbers[0])
    }
    return lengths
  }

  /// Takes the notes away: the store is laid out in another way now.
  static func forget(_ store: URL) {
    unlink(beside(store, "metadata"))
    unlink(beside(store, "synchronised"))
  }
}
