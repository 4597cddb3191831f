/// Finds what a misspelt word was probably meant to be.
public enum Spelling {
  /// The candidate closest to `word`, when it is close enough to be worth suggesting.
  public static func suggestion(for word: String, among candidates: some Sequence<String>) -> String? {
    let limit = max(2, word.count / 2)
    return candidates.map { ($0, distance(word.lowercased(), $0.lowercased())) }
      .filter { $0.1 <= limit }
      .min { $0.1 < $1.1 }?.0
  }

  /// Says that there is no such word, and what was probably meant: `there is no system `lorenz-36`; did you mean
  /// `lorenz-63`?`.
  /// - Parameter owner: Whose word it would be.
  public static func complaint(_ what: String, _ word: String, of owner: String? = nil, among words: [String]) -> String
  {
    let remedy =
      suggestion(for: word, among: words).map { "did you mean `\($0)`?" }
      ?? "there are \(words.joined(separator: ", "))"
    return "there is no \(what) `\(word)`\(owner.map { " of \($0)" } ?? ""); \(remedy)"
  }

  /// The number of letters to insert, delete or replace to get from one word to the other (Levenshtein).
  static func distance(_ a: String, _ b: String) -> Int {
    let b = Array(b)
    var row = Array(0...b.count)
    for (i, letter) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for j in b.indices {
        let replaced = diagonal + (letter == b[j] ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
      }
    }
    return row[b.count]
  }
}
