import Foundation
import Testing

@testable import Tensors

struct ArithmeticTests {
  private func arithmetic(_ id: String) throws -> Arithmetic { try #require(Arithmetic(id: id)) }

  @Test("The id of this process names the kernels, OpenBLAS's core and its version, and is read back")
  func current() throws {
    let now = Arithmetic.current
    #expect(["x86-64-v4", "x86-64-v3", "baseline", "arm64"].contains(now.kernels))
    #expect(now.openBLAS.first?.isNumber == true)
    #expect(now.core.first?.isLetter == true)
    #expect(try arithmetic(now.id) == now)
    #expect("\(now)" == now.id)
    // Tests are started without the environment of the portable mode.
    #expect(now.mode == .native)
  }

  @Test(
    "An id has three parts, or four of which the last is portable",
    arguments: [
      "", "x86-64-v4", "x86-64-v4/SkylakeX", "x86-64-v4//0.3.21", "x86-64-v4/SkylakeX/0.3.21/native",
      "x86-64-v4/Skylake X/0.3.21", "a/b/c/portable/d", "a/b/c/",
    ])
  func unreadable(id: String) {
    #expect(Arithmetic(id: id) == nil)
  }

  @Test("In JSON it is its id, and what is none is refused with the text in the message")
  func json() throws {
    let portable = try arithmetic("baseline/Nehalem/0.3.21/portable")
    #expect(portable.mode == .portable)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    let data = try encoder.encode([portable])
    #expect(String(decoding: data, as: UTF8.self) == #"["baseline/Nehalem/0.3.21/portable"]"#)
    #expect(try JSONDecoder().decode([Arithmetic].self, from: data) == [portable])
    let error = #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([Arithmetic].self, from: Data(#"["quick"]"#.utf8))
    }
    #expect("\(try #require(error))".contains("quick"))
  }

  @Test("Going on with the same arithmetic is nothing to say")
  func same() throws {
    let now = Arithmetic.current
    #expect(now.difference(from: now) == nil)
    #expect(now.difference(from: now.id) == nil)
  }

  @Test("Going on on another processor is said in one sentence, with what keeps the bits")
  func sentences() throws {
    let old = try arithmetic("x86-64-v4/SkylakeX/0.3.21")
    let new = try arithmetic("x86-64-v3/Haswell/0.3.21")
    let portable = try arithmetic("baseline/Nehalem/0.3.21/portable")
    #expect(
      new.difference(from: old)
        == "These numbers were begun on x86-64-v4/SkylakeX/0.3.21 and go on on x86-64-v3/Haswell/0.3.21: the bits will "
        + "differ from here on; what begins with --arithmetic portable has the same bits on every x86-64 processor.")
    #expect(new.difference(from: old.id) == new.difference(from: old))
    #expect(try #require(new.difference(from: portable)).hasSuffix("; --arithmetic portable would keep them."))
    #expect(try #require(portable.difference(from: new)).contains("without --arithmetic portable"))
    let newer = try arithmetic("baseline/Nehalem/0.3.29/portable")
    #expect(try #require(newer.difference(from: portable)).contains("same version of OpenBLAS"))
    let arm = try arithmetic("arm64/ARMV8/0.3.21/portable")
    #expect(try #require(arm.difference(from: portable)).contains("same kind of processor"))
  }

  @Test("An id from a file that cannot be read is shown without what a terminal would obey")
  func foreign() throws {
    let sentence = try #require(
      Arithmetic.current.difference(from: "\u{1b}[31mred" + String(repeating: "x", count: 200)))
    #expect(sentence.contains(#"begun on "?[31mredxxx"#))
    #expect(!sentence.contains("\u{1b}"))
    #expect(sentence.count < 300)
  }

  @Test("OpenBLAS's version is the word after its name")
  func version() {
    #expect(Arithmetic.version(inConfiguration: "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH Haswell") == "0.3.21")
    #expect(Arithmetic.version(inConfiguration: "") == "unknown")
  }

  @Test("The portable environment keeps the tunables of others and is the same when it is asked for again")
  func environment() throws {
    func tunables(_ before: String?) throws -> String {
      try #require(Arithmetic.portableEnvironment(tunables: before).last).value
    }
    let ours = try tunables(nil)
    #expect(ours == "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4")
    #expect(try tunables("glibc.malloc.perturb=1") == "glibc.malloc.perturb=1:" + ours)
    #expect(try tunables("glibc.cpu.hwcaps=-ERMS:glibc.malloc.perturb=1") == "glibc.malloc.perturb=1:" + ours)
    #expect(try tunables(ours + ":glibc.malloc.perturb=1") == ours + ":glibc.malloc.perturb=1")
    #expect(try tunables(tunables("glibc.malloc.perturb=1")) == "glibc.malloc.perturb=1:" + ours)
  }
}
