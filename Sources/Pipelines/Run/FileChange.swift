public import Foundation

/// Whether a file that is looked at now and then holds something new.
///
/// A new content counts when it was found twice in a row: an editor may be in the midst of writing it, or have moved the file
/// aside for a moment.
public struct FileChange: Sendable {
  private var taken: Data?
  private var seen: Data?

  /// - Parameter content: What the file held when it was read.
  public init(_ content: Data?) { taken = content }

  /// - Parameter content: What the file holds now; nil where it is not there.
  /// - Returns: True once for each new content.
  public mutating func isNew(_ content: Data?) -> Bool {
    guard let content, content != taken else {
      seen = nil
      return false
    }
    guard content == seen else {
      seen = content
      return false
    }
    (taken, seen) = (content, nil)
    return true
  }
}
