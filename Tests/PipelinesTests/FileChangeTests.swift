import Foundation
import Testing

@testable import Pipelines

@Suite("A file that is looked at now and then")
struct FileChangeTests {
  private func looks(_ contents: String?...) -> [Bool] {
    var change = FileChange(Data("a".utf8))
    return contents.map { change.isNew($0.map { Data($0.utf8) }) }
  }

  @Test("Something new counts once, when it was found twice in a row")
  func counts() {
    #expect(looks("a", "b", "b", "b") == [false, false, true, false])
    #expect(looks("b", "b", "a", "a") == [false, true, false, true])
  }

  @Test("What is still being written, moved aside or taken back is not taken for new")
  func waits() {
    #expect(looks("b", "bc", "bcd", "bcd") == [false, false, false, true])
    #expect(looks(nil, nil, "a", "a") == [false, false, false, false])
    #expect(looks("b", nil, "b", "b") == [false, false, false, true])
    #expect(looks("b", "a", "b", "a") == [false, false, false, false])
  }
}
