internal import CKernels
internal import COpenBLAS

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

extension Arithmetic {
  /// Makes this process compute with what is the same on every processor: call it first thing in `main`.
  ///
  /// Which kernels run is chosen while a program is loaded, so the program is started anew in its place (`execve`),
  /// with the variables of `portableEnvironment` set; nothing it did before lasts. In the second process the call returns.
  ///
  /// - Parameter arguments: The program's arguments, its name first.
  /// - Throws: `ArithmeticError` where the processor, the system or OpenBLAS cannot do it.
  public static func enterPortable(arguments: [String] = CommandLine.arguments) throws(ArithmeticError) {
    guard holstream_can_be_portable() != 0 else {
      throw ArithmeticError("--arithmetic portable needs a processor with SSE4.2 (all since 2011): leave it out")
    }
    if hasPortableEnvironment {
      let core = String(cString: openblas_get_corename())
      guard isPortableCore(core) else {
        throw ArithmeticError(
          "--arithmetic portable needs OpenBLAS's kernels for \(portableCore), and this OpenBLAS has \(core)'s: "
            + "install one with DYNAMIC_ARCH, such as Debian's libopenblas0-pthread, or leave it out")
      }
      return
    }
    // Set already, and the rest is not: to start anew would go on for ever where the system takes variables away.
    if variable("HOLSTREAM_ARITHMETIC") == "portable" {
      throw ArithmeticError(
        "HOLSTREAM_ARITHMETIC is set to portable, but OPENBLAS_CORETYPE or GLIBC_TUNABLES is not as it should be: unset "
          + "HOLSTREAM_ARITHMETIC, --arithmetic portable sets all three")
    }
    for (name, value) in portableEnvironment(tunables: variable("GLIBC_TUNABLES")) { setenv(name, value, 1) }
    throw ArithmeticError("--arithmetic portable cannot start the program anew: \(startAnew(arguments))")
  }

  /// What has to stand in the environment when a program starts for its arithmetic to be portable.
  ///
  /// - HOLSTREAM_ARITHMETIC chooses the baseline of our own kernels.
  /// - OPENBLAS_CORETYPE chooses Nehalem's kernels of OpenBLAS: the oldest whose blocks do not depend on the size of the
  ///   processor's cache, as Prescott's, Core2's and Penryn's do.
  /// - GLIBC_TUNABLES keeps exp, log, sin and their like from fused multiplications; other tunables stay.
  ///
  /// - Parameter tunables: What GLIBC_TUNABLES is now.
  public static func portableEnvironment(tunables: String?) -> [(name: String, value: String)] {
    let entries = (tunables ?? "").split(separator: ":").map(String.init)
    // Of several, the last counts.
    let isSet = entries.last { $0.hasPrefix("glibc.cpu.hwcaps=") } == portableTunable
    let others = entries.filter { !$0.hasPrefix("glibc.cpu.hwcaps=") }
    return [
      ("HOLSTREAM_ARITHMETIC", "portable"), ("OPENBLAS_CORETYPE", portableCore),
      ("GLIBC_TUNABLES", (isSet ? entries : others + [portableTunable]).joined(separator: ":")),
    ]
  }

  static var hasPortableEnvironment: Bool {
    portableEnvironment(tunables: variable("GLIBC_TUNABLES")).allSatisfy { variable($0.name) == $0.value }
  }

  static func isPortableCore(_ core: String) -> Bool { core.lowercased() == portableCore.lowercased() }

  #if arch(arm64)
    private static let portableCore = "ARMV8"
  #else
    private static let portableCore = "Nehalem"
  #endif

  private static let portableTunable = "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4"

  private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// Returns only where it fails, with the reason.
  private static func startAnew(_ arguments: [String]) -> String {
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    // By its path, so that the process keeps its name; by the link where the file is no longer there.
    var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    if readlink("/proc/self/exe", &path, Int(PATH_MAX)) > 0 { execv(path, &pointers) }
    execv("/proc/self/exe", &pointers)
    return String(cString: strerror(errno))
  }
}
