import Foundation

/// Text made safe for HTML and SVG.
enum Markup {
  static func escape(_ text: String) -> String {
    var escaped = ""
    for character in text {
      switch character {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped.append(character)
      }
    }
    return escaped
  }

  /// The symbol of an observable whose name is a word of the code: `deltaRho` is Δρ.
  static func symbol(_ name: String) -> String {
    name.replacing("deltaRho", with: "Δρ").replacing("deltaQ", with: "ΔQ")
  }
}
