internal import Foundation

/// One request by the program `curl`, for runs and workers that ask others for something now and then.
///
/// Everybody can see a program's arguments, and an address or a header may hold a secret: what is said about the request goes
/// by the standard input. It is one request, to a web address, whatever stands in it.
struct WebRequest {
  static let program = URL(filePath: "/usr/bin/env")
  /// What the program ends with where there is no `curl`, and the remedy.
  static let missing = (status: Int32(127), words: "there is no curl (Debian: apt-get install curl)")

  static func canGo(to address: String) -> Bool { ["http://", "https://"].contains(where: address.hasPrefix) }

  let arguments: [String]
  /// For the standard input.
  let input: Data

  /// - Parameters:
  ///   - settings: Of curl, each with its text, which may be secret.
  ///   - options: Of curl, which everybody may see.
  init(to address: String, _ settings: [(name: String, text: String)] = [], options: [String]) {
    arguments =
      ["curl", "--globoff", "--proto", "=http,https", "--silent", "--show-error", "--fail", "--config", "-"] + options
    input = Data(
      ([("url", address)] + settings).map { "\($0.0) = \"\(Self.quoted($0.1))\"\n" }.joined().utf8)
  }

  /// Within quotation marks of curl's settings.
  private static func quoted(_ text: String) -> String {
    text.reduce(into: "") { quoted, character in
      switch character {
      case "\\": quoted += "\\\\"
      case "\"": quoted += "\\\""
      case "\n", "\r\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      default: quoted.append(character)
      }
    }
  }
}
