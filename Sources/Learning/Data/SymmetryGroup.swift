public import Trajectories

/// Symmetries of a system and all their products, from which augmentation draws.
public struct SymmetryGroup: Sendable {
  /// A symmetry with its powers to 1, 2, 4, …, and how often it must be applied to be back at the start.
  private struct Generator: Sendable {
    let order: Int
    let squares: [Permutation]
    let isTranslation: Bool

    init(_ symmetry: Permutation) {
      order = symmetry.order
      isTranslation = symmetry.name.hasPrefix("translation")
      var squares = [symmetry]
      while 1 << squares.count < order { squares.append(squares[squares.count - 1].after(squares[squares.count - 1])) }
      self.squares = squares
    }
  }

  private let generators: [Generator]

  /// The symmetries of a state, by the system's own list or, of a density matrix on a ring, the ring's.
  ///
  /// - Parameters:
  ///   - wanted: Translations (names that begin with `translation`), reflections (with `reflection`), or both.
  ///   - symmetries: Those of the system; generators suffice.
  /// - Throws: `LearningError` of code `invalidConfiguration` when the system has none of the wanted kind.
  public init(_ wanted: SymmetryAugmentation, of layout: StateLayout, symmetries: [Permutation] = []) throws {
    let known = layout.densityMatrixSites.map { Permutation.ofDensityMatrix(sites: $0) } ?? symmetries
    var generators: [Generator] = []
    for (kind, isWanted) in [("translation", wanted.translations), ("reflection", wanted.reflections)] {
      let found = known.filter { $0.name.hasPrefix(kind) && $0.source.count == layout.count }
      guard !isWanted || !found.isEmpty else {
        throw LearningError(
          .invalidConfiguration,
          "samples cannot be moved by a \(kind): the system has "
            + (known.isEmpty ? "no symmetries" : "only \(known.map(\.name).joined(separator: ", "))"))
      }
      generators += found.map(Generator.init)
    }
    self.generators = generators
    self.wanted = wanted
  }

  private let wanted: SymmetryAugmentation

  /// An element at random: a power of each generator, one after the other; nil for the identity.
  ///
  /// Every generator takes a number, wanted or not, so that what is drawn of one kind does not depend on the other.
  func draw(_ number: () -> UInt64) -> Permutation? {
    var element: Permutation?
    for generator in generators {
      let power = Int(number() % UInt64(generator.order))
      guard generator.isTranslation ? wanted.translations : wanted.reflections else { continue }
      for (bit, square) in generator.squares.enumerated() where power >> bit & 1 == 1 {
        element = element.map { square.after($0) } ?? square
      }
    }
    return element
  }
}

extension Permutation {
  /// First `other`, then this one.
  func after(_ other: Permutation) -> Permutation {
    let signs =
      self.signs == nil && other.signs == nil
      ? nil : source.indices.map { (self.signs?[$0] ?? false) != (other.signs?[source[$0]] ?? false) }
    return Permutation(name, source: source.map { other.source[$0] }, signs: signs)
  }

  /// How often it must be applied to be back at the start.
  var order: Int {
    var element = self
    var count = 1
    while !(element.source.indices.allSatisfy { element.source[$0] == $0 } && element.signs?.contains(true) != true) {
      element = after(element)
      count += 1
      precondition(count <= 1 << 20, "symmetry \(name) does not come back to the start")
    }
    return count
  }

  /// The symmetries of a ring without disorder for a state (ρ, Q, P): site i of the image is site i + 1, or site −i.
  static func ofDensityMatrix(sites: Int) -> [Permutation] {
    func permutation(_ name: String, _ site: (Int) -> Int) -> Permutation {
      let square = 2 * sites * sites
      let matrix = (0..<square).map { k in
        2 * (site(k / 2 / sites) * sites + site(k / 2 % sites)) + k % 2
      }
      return Permutation(
        name, source: matrix + (0..<(2 * sites)).map { square + $0 / sites * sites + site($0 % sites) })
    }
    return [permutation("translation") { ($0 + 1) % sites }, permutation("reflection") { (sites - $0) % sites }]
  }
}
