internal import CInotifyTools
internal import Foundation

/// What wakes the thread that waits for inotify's events and has no other ear: a file without a name, of which nothing
/// stays behind however the process ends. The library keeps the descriptor that it waits on to itself, so that the wish
/// to be woken must come as an event.
struct Doorbell: Sendable {
  private let descriptor: Int32

  /// Nil where no file can be made.
  init?() {
    let folder = FileManager.default.temporaryDirectory.path
    var name = (folder + "/holstream-bell-XXXXXX").utf8CString
    let opened = name.withUnsafeMutableBufferPointer { open_nameless_file(folder, $0.baseAddress) }
    guard opened >= 0 else { return nil }
    descriptor = opened
  }

  /// By which a watch finds the file.
  var path: String { "/proc/self/fd/\(descriptor)" }

  static let mask = Int32(IN_MODIFY)

  func ring() {
    var byte: UInt8 = 0
    _ = pwrite(descriptor, &byte, 1, 0)
  }
}
