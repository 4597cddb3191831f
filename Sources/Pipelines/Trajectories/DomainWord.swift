internal import Foundation
internal import Settings
internal import Trajectories
internal import Zarr

/// What neighbours mean in a store that does not say it: the key `domain`.
struct DomainWord: Sendable, Equatable {
  private enum Word { case stored, none, ring, square }
  private let word: Word

  /// Nothing beyond what the store says.
  static let stored = DomainWord(.stored)

  private init(_ word: Word) { self.word = word }

  /// What a model knows of neighbours.
  init(_ domain: Domain) {
    switch domain {
    case .none: self.init(.stored)
    case .ring: self.init(.ring)
    case .square: self.init(.square)
    }
  }

  /// As a pipeline file has it.
  var text: String { "\(word)" }

  init(_ section: ConfigurationSection) {
    word = section.choice(
      "domain", default: "stored",
      among: [("stored", Word.stored), ("none", .none), ("ring", .ring), ("square", .square)],
      "What neighbours mean: as the store says, a plain vector, a periodic chain, a periodic lattice of rows and columns"
    )
  }

  /// Opens a store under this word.
  /// - Throws: `StoreError`, also when its arrays do not lie on such a domain.
  func open(_ url: URL) throws -> StoredTrajectories { try applied(to: StoredTrajectories(url)) }

  /// A store that is open, under this word.
  /// - Throws: As above.
  func applied(to store: StoredTrajectories) throws -> StoredTrajectories {
    switch word {
    case .stored: return store
    case .none: return try store.on(Domain.none)
    case .ring, .square:
      let dimensions = word == .ring ? 1 : 2
      guard let shape = store.layout.fields.first(where: { $0.shape.count == dimensions })?.shape else {
        throw StoreError(
          .unsupported, store.reader.url.path,
          "has \(store.layout.summary); a \(word == .ring ? "ring" : "square") needs an array with \(dimensions) axes behind trajectory and time"
        )
      }
      return try store.on(word == .ring ? .ring(shape[0]) : .square(shape[0], shape[1]))
    }
  }
}
