import Foundation

/// The address space that a process may use, where it is limited (`ulimit -v`).
public enum AddressSpace {
  /// What linear algebra and its threads map, with room for the rest.
  static let needed = 1 << 30

  /// The library of linear algebra tries for ever to get the memory that it works in: whether there will be any must be
  /// known before.
  /// - Throws: `RunError.missing` when there is a limit, and not enough left below it.
  public static func check() throws {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur < 1 << 60 else { return }
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    let probe = mmap(nil, needed, PROT_READ | PROT_WRITE, flags, -1, 0)
    guard probe != MAP_FAILED else {
      throw RunError(
        .missing,
        "this process may use \(limit.rlim_cur >> 20) MiB of addresses, and less than the \(needed >> 20) MiB that computing needs are left; raise the limit (`ulimit -v unlimited`)"
      )
    }
    munmap(probe, needed)
  }
}
