import Disk
import Foundation
import TestSupport
import Testing

@testable import Transports

@Suite("Messages")
struct MessageTests {
  @Test(
    "Only words of letters, digits, -, _ and = are ids",
    arguments: ["", "/", "a/", "/a", "a//b", "..", "a/../b", "a b", "a+b", "ä", "a\0", "*", ">", "a.b"])
  func badIDs(text: String) { #expect(MessageID(text) == nil) }

  @Test("Any words can be made an id")
  func words() {
    #expect(MessageID(words: "node 7", "../x", "").text == "node_7/___x/_")
    #expect(MessageID(MessageID(words: String(repeating: "é", count: 500), "b").text) != nil)
  }

  @Test("A message that is changed anywhere is refused, and none of any length crashes")
  func damage() throws {
    let id = MessageID("a")!
    let sealed = try SealedMessage.seal(Array("some words".utf8), id)
    #expect(try SealedMessage.open(sealed, id, at: "here") == Array("some words".utf8))
    for index in sealed.indices {
      var changed = sealed
      changed[index] ^= 0x10
      #expect(throws: TransportError.self) { try SealedMessage.open(changed, id, at: "here") }
    }
    for count in 0..<sealed.count {
      #expect(throws: TransportError.self) { try SealedMessage.open(Array(sealed.prefix(count)), id, at: "here") }
    }
  }

  @Test("Files in a spool that nobody of ours wrote are left alone")
  func foreignFiles() async throws {
    try await withTemporaryDirectory { folder in
      let spool = try SpoolTransport(folder)
      let open = folder.appending(path: "judge/open")
      try Data("garbage".utf8).write(to: open.appending(path: "run+1"))
      try Data().write(to: open.appending(path: "run+2"))
      try Data("x".utf8).write(to: open.appending(path: "what is this.txt"))
      try FileManager.default.createDirectory(at: open.appending(path: "run+3"), withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        atPath: open.appending(path: "run+4").path, withDestinationPath: "/etc/passwd")
      #expect(try spool.claim(on: .judge, by: "a") { _, _ in true } == nil)
      try Data("garbage".utf8).write(to: folder.appending(path: "judge/mail/run+1"))
      #expect(throws: TransportError.self) { try spool.read(MessageID("run/1")!, from: .judge) }
      try Data("garbage".utf8).write(to: folder.appending(path: "judge/notes/run+1"))
      #expect(try spool.notes(on: .judge).isEmpty)
    }
  }

  @Test("A parcel that does not make what was sent is refused")
  func wrongParcels() async throws {
    try await withTemporaryDirectory { folder in
      let spool = try SpoolTransport(folder)
      let id = MessageID("run/1")!
      for plan in ["", "1", "0 0 x", "3 99999999999 \(String(repeating: "0", count: 64))", "x y z", "1 600000 abc"] {
        _ = try spool.post(id, [1] + Array(plan.utf8), to: .judge)
        #expect(throws: TransportError.self) { try spool.receive(id, from: .judge) }
      }
      _ = try spool.post(id, [9], to: .judge)
      #expect(throws: TransportError.self) { try spool.receive(id, from: .judge) }
      #expect(try spool.send(id, [UInt8](repeating: 1, count: 700_000), to: .judge))
      let part = try #require(try spool.posted(to: .judge).first { Parcel.isPart($0) })
      _ = try spool.post(part, [1, 2, 3], to: .judge)
      #expect(throws: TransportError.self) { try spool.receive(id, from: .judge) }
      try spool.discard(part, from: .judge)
      #expect(try spool.receive(id, from: .judge) == nil)
    }
  }

  @Test("Addresses are checked, and a password in one is not repeated")
  func addresses() throws {
    #expect(try TransportAddress("spool:/a/b") == .spool(URL(filePath: "/a/b", directoryHint: .isDirectory)))
    guard case .nats(_, let shown) = try TransportAddress("nats://user:secret@host:4222") else {
      Issue.record("no broker")
      return
    }
    #expect(shown == "nats://host:4222")
    for text in ["spool:a/b", "http://host", "nats:", "host:4222", "", "nats://host/path"] {
      #expect(throws: TransportError.self, "\(text)") { try TransportAddress(text) }
    }
  }

  @Test("A broker beyond loopback needs a token", .enabled(if: NATSBroker.isHere))
  func anonymous() throws {
    #expect(throws: TransportError.self) { try NATSTransport("nats://10.0.0.1:4222", shown: "nats://10.0.0.1:4222") }
    _ = try NATSTransport("nats://10.0.0.1:4222", shown: "nats://10.0.0.1:4222", token: "t")
  }

  @Test("A broker with a token lets nobody in who does not say it", .enabled(if: NATSBroker.isHere))
  func token() async throws {
    try await withTemporaryDirectory { folder in
      let broker = try await NATSBroker(in: folder, arguments: ["--auth", "open-sesame"])
      defer { broker.kill() }
      for token in [nil, "wrong"] {
        let error = #expect(throws: TransportError.self) {
          try NATSTransport(broker.url, shown: broker.url, token: token).offered(on: .judge)
        }
        #expect(error?.code == .refused, "\(error?.message ?? "")")
        #expect(error?.message.contains("HOLSTREAM_NATS_TOKEN") == true)
      }
      #expect(try NATSTransport(broker.url, shown: broker.url, token: "open-sesame").offered(on: .judge).isEmpty)
    }
  }

  private static let canEncrypt =
    NATSBroker.isHere && FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")

  @Test(
    "A broker with TLS is believed by a certificate of the authority that was named, for its own name",
    .enabled(if: canEncrypt))
  func encryption() async throws {
    try await withTemporaryDirectory { folder in
      let (certificate, key) = (folder.appending(path: "c.pem").path, folder.appending(path: "k.pem").path)
      let made = try run(
        URL(filePath: "/usr/bin/openssl"),
        [
          "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
          "/CN=broker", "-addext", "subjectAltName=DNS:localhost", "-out", certificate, "-keyout", key,
        ])
      #expect(made.status == 0, "\(made.output)")
      let broker = try await NATSBroker(
        in: folder, arguments: ["--tls", "--tlscert", certificate, "--tlskey", key, "--auth", "t"])
      defer { broker.kill() }
      func offered(_ url: String, authority: String?) throws -> Int {
        try NATSTransport(url, shown: url, token: "t", authority: authority).offered(on: .judge).count
      }
      #expect(try offered("tls://localhost:\(broker.port)", authority: certificate) == 0)
      #expect(throws: TransportError.self, "nobody vouches for it") {
        try offered("tls://localhost:\(broker.port)", authority: nil)
      }
      #expect(throws: TransportError.self, "it is another's name") {
        try offered("tls://127.0.0.1:\(broker.port)", authority: certificate)
      }
    }
  }

  @Test("SHA-256 of the examples of FIPS 180")
  func digests() async throws {
    #expect(Fingerprint.of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(Fingerprint.of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      Fingerprint.of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    let million = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
    let known = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    #expect(Fingerprint.of(million) == known)
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "million")
      try Data(million).write(to: file)
      #expect(try Fingerprint.of(contentsOf: file) == known)
    }
  }
}
