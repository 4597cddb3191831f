import Foundation
import TestSupport
import Testing

@testable import Transports

/// A transport to test: a folder, or a broker of the test's own.
enum Carrier: String, Sendable, CaseIterable, CustomTestStringConvertible {
  case spool, nats

  var testDescription: String { rawValue }

  /// Those that this machine has: a broker needs Debian's nats-server and libnats3.4.
  static let here: [Carrier] = allCases.filter { $0 == .spool || NATSBroker.isHere }

  /// Calls `body` with an empty transport, and with what makes a lease end before its time.
  func with(
    mostMail: Int = 1 << 30, _ body: (any Transport, (Claim) -> Void) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { folder in
      switch self {
      case .spool:
        let spool = try SpoolTransport(folder, mostMail: mostMail)
        try await body(spool) { spool.expire($0) }
      case .nats:
        let broker = try await NATSBroker.shared()
        let nats = try NATSTransport(
          broker.url, shown: broker.url, prefix: "t\(UUID().uuidString)", mostMail: mostMail)
        try await body(nats) { nats.expire($0) }
      }
    }
  }

  /// Calls `body` with a transport and what makes it lose everything.
  func withLoss(_ body: (any Transport, () async throws -> Void) async throws -> Void) async throws {
    try await withTemporaryDirectory { folder in
      switch self {
      case .spool:
        try await body(try SpoolTransport(folder)) { try FileManager.default.removeItem(at: folder) }
      case .nats:
        var broker = try await NATSBroker(in: folder)
        defer { broker.kill() }
        try await body(try NATSTransport(broker.url, shown: broker.url)) {
          broker.kill()
          try FileManager.default.removeItem(at: folder.appending(path: "jetstream"))
          broker = try await NATSBroker(in: folder, port: broker.port)
        }
      }
    }
  }
}
