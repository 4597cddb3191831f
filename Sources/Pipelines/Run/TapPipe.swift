internal import Foundation

/// The pipe by which a running run gives what passes a node to another process: a FIFO in the folder `.taps` of the run's,
/// which the reader makes, named `<node>~<whatever>`.
enum TapPipe {
  static func folder(of directory: RunDirectory) -> URL { directory.file(".taps") }

  private static let plain = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-_"))

  static func name(of node: String, unique: String) -> String {
    (node.addingPercentEncoding(withAllowedCharacters: plain) ?? "") + "~" + unique
  }

  /// The node that a pipe is for; nil for what is none.
  static func node(of name: String) -> String? {
    guard let end = name.lastIndex(of: "~") else { return nil }
    return String(name[..<end]).removingPercentEncoding
  }

  /// Opens a reader's pipe to write into it, without waiting for anybody.
  /// - Returns: Nil for one whose reader has gone, and for what is no pipe.
  static func openForWriting(_ path: String) -> Int32? {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else { return nil }
    let descriptor = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW)
    return descriptor >= 0 ? descriptor : nil
  }
}
