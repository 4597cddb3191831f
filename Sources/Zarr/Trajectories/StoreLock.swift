internal import Disk
internal import Foundation

/// One writer a store: an advisory lock that the system drops with its holder, and a note that names the holder.
///
/// The file lies beside the store, not in it, because readers of Zarr wonder about foreign files.
final class StoreLock {
  private let lock: FileLock

  /// - Throws: `StoreError.locked` naming who writes.
  init(for store: URL) throws(StoreError) {
    do {
      lock = try FileLock(Self.path(of: store))
    } catch let error as FileLock.Held {
      throw StoreError(.locked, store.path, "is being written by \(error.holder); wait for it or stop it")
    } catch let error as DiskError {
      throw StoreError(error)
    } catch {
      throw StoreError(.unwritable, store.path, "cannot be locked for writing: \(error)")
    }
  }

  /// Whether somebody writes to the store now.
  static func isHeld(for store: URL) -> Bool { FileLock.isHeld(path(of: store)) }

  private static func path(of store: URL) -> String { StoreLayoutNote.beside(store, "lock") }
}
