extension Arithmetic {
  /// One sentence for someone who goes on here with what was begun elsewhere; nil where the bits stay the same.
  ///
  /// - Parameter begun: The arithmetic that the numbers were begun with.
  public func difference(from begun: Arithmetic) -> String? {
    begun == self ? nil : sentence(begun: begun.id, remedy: remedy(begun: begun))
  }

  /// The same for an id as it was written beside the numbers, which may be one that this program cannot read.
  public func difference(from begun: String) -> String? {
    if let read = Arithmetic(id: begun) { return difference(from: read) }
    // It comes from a file: no more of it than fits a line, and nothing that a terminal would obey.
    let shown = begun.prefix(80).map { $0.isASCII && !($0 < " ") && $0 != "\u{7f}" ? $0 : "?" }
    return sentence(begun: "\"\(String(shown))\"", remedy: Self.advice)
  }

  private func sentence(begun: String, remedy: String) -> String {
    "These numbers were begun on \(begun) and go on on \(id): the bits will differ from here on; \(remedy)."
  }

  private static let advice =
    "what begins with --arithmetic portable has the same bits on every x86-64 processor"

  private func remedy(begun: Arithmetic) -> String {
    if begun.openBLAS != openBLAS { return "only the same version of OpenBLAS would keep them" }
    switch (begun.mode, mode) {
    case (.portable, .native): return "--arithmetic portable would keep them"
    case (.native, .portable): return "they stay without --arithmetic portable on a processor like the first"
    case (.portable, .portable): return "only the same kind of processor would keep them"
    case (.native, .native): return Self.advice
    }
  }
}
