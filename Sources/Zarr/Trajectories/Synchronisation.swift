/// When a store is brought to the disk, so that it survives a loss of power and not only the death of the program.
public enum Synchronisation: Sendable, Equatable, ExpressibleByBooleanLiteral {
  /// When the system pleases.
  case never
  /// Every chunk before it counts as stored, which costs most of the speed.
  case everyChunk
  /// So long after it was stored at the latest, by a thread of its own that holds nobody up.
  case every(Duration)

  /// What a loss of power may then take is little, and the cost does not show.
  public static let standard = every(.seconds(2))

  public init(booleanLiteral value: Bool) { self = value ? .everyChunk : .never }
}
