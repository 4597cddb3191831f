import Foundation
import TestSupport
import Testing

@testable import Pipelines

@Suite("A broker's configuration")
struct BrokerConfigurationTests {
  private func configuration(
    _ folder: URL, address: String, certificate: String? = nil, key: String? = nil, isPlain: Bool = false,
    hasToken: Bool = false
  ) throws -> BrokerConfiguration {
    try BrokerConfiguration(
      folder, address: address, port: 4222, certificate: certificate, key: key, isPlain: isPlain, hasToken: hasToken,
      gigabytes: 1)
  }

  @Test("Beyond loopback there is a token that its owner alone can read, and TLS unless that is declined")
  func token() async throws {
    try await withTemporaryDirectory { folder in
      #expect(throws: RunError.self) { try configuration(folder, address: "10.0.0.7") }
      #expect(throws: RunError.self) { try configuration(folder, address: "example.org") }
      #expect(throws: RunError.self) { try configuration(folder, address: "127.0.0.1", certificate: "/c") }
      let open = try configuration(folder.appending(path: "a"), address: "127.0.0.1").write()
      #expect(try !String(contentsOf: open.file, encoding: .utf8).contains("token"))
      let broker = try configuration(folder.appending(path: "b"), address: "0.0.0.0", isPlain: true)
      let written = try broker.write()
      let text = try String(contentsOf: written.file, encoding: .utf8)
      let token = try String(contentsOf: broker.tokenFile, encoding: .utf8).trimmingCharacters(
        in: .whitespacesAndNewlines)
      #expect(token.count > 30 && text.contains("token: \"\(token)\""))
      #expect(!written.words.contains(token))
      for file in [written.file, broker.tokenFile] {
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
      }
      _ = try broker.write()
      #expect(try String(contentsOf: broker.tokenFile, encoding: .utf8).contains(token), "it stays the same")
    }
  }

  @Test("The server takes it", .enabled(if: NATSBroker.isHere))
  func server() async throws {
    try await withTemporaryDirectory { folder in
      let written = try configuration(folder.appending(path: "with \"quotes\""), address: "127.0.0.1", hasToken: true)
        .write()
      let checked = try run(BrokerConfiguration.program, ["-t", "-c", written.file.path])
      #expect(checked.status == 0, "\(checked.output)")
    }
  }
}
