import Testing
import Trajectories

@testable import Learning

struct WindowAssemblerTests {
  /// A frame that says where it is from.
  private func frame(_ trajectory: Int, _ index: Int) -> State<Float> {
    State(Fixtures.layout(sites: 2), [Float](repeating: Float(100 * trajectory + index), count: 12))
  }

  @Test("Interleaved trajectories give windows that share their boundary frames and hold their own intervals' rates")
  func interleaved() throws {
    var assembler = WindowAssembler(steps: 3)
    var windows: [TrainingWindow] = []
    for index in 0..<7 {
      for trajectory in [4, 9] {
        let tendency = index > 0 ? frame(trajectory, 1000 + index) : nil
        let window = try assembler.add(
          trajectory: trajectory, index: index, state: frame(trajectory, index), tendency: tendency)
        if let window { windows.append(window) }
      }
    }
    #expect(windows.map(\.trajectory) == [4, 9, 4, 9])
    #expect(windows.map(\.start) == [0, 0, 3, 3])
    #expect(windows[2].state(0)["Q"].first == 403 && windows[2].state(3)["Q"].first == 406)
    #expect(windows[2].tendencies?[0] == 1404 && windows[2].tendencies?[24] == 1406)
    #expect(assembler.gaps == 0)
  }

  @Test("Overlapping windows start where the stride says")
  func overlapping() throws {
    var assembler = WindowAssembler(steps: 4, stride: 2)
    let starts = try (0..<9).compactMap {
      try assembler.add(trajectory: 0, index: $0, state: frame(0, $0))?.start
    }
    #expect(starts == [0, 2, 4])
    // A window has derivatives again as soon as all of its own intervals have them.
    let known = try (0..<9).compactMap { index in
      try assembler.add(
        trajectory: 1, index: index, state: frame(1, index), tendency: index == 2 ? nil : frame(1, index)
      ).map { $0.tendencies != nil }
    }
    #expect(known == [false, true, true])
  }

  @Test("A missing frame starts the window anew, and a missing derivative leaves the window without")
  func gaps() throws {
    var assembler = WindowAssembler(steps: 2)
    #expect(try assembler.add(trajectory: 0, index: 0, state: frame(0, 0)) == nil)
    #expect(try assembler.add(trajectory: 0, index: 2, state: frame(0, 2)) == nil)
    #expect(try assembler.add(trajectory: 0, index: 3, state: frame(0, 3), tendency: frame(0, 3)) == nil)
    let window = try #require(try assembler.add(trajectory: 0, index: 4, state: frame(0, 4)))
    #expect(window.start == 2 && window.tendencies == nil)
    #expect(assembler.gaps == 1)
    // The next window has all of its derivatives again.
    #expect(try assembler.add(trajectory: 0, index: 5, state: frame(0, 5), tendency: frame(0, 5)) == nil)
    #expect(try assembler.add(trajectory: 0, index: 6, state: frame(0, 6), tendency: frame(0, 6))?.tendencies != nil)
    var broken = frame(1, 0)
    broken.values[3] = .nan
    _ = try assembler.add(trajectory: 1, index: 0, state: broken)
    _ = try assembler.add(trajectory: 1, index: 1, state: frame(1, 1))
    #expect(throws: LearningError.self) { try assembler.add(trajectory: 1, index: 2, state: frame(1, 2)) }
    #expect(try assembler.add(trajectory: 1, index: 3, state: frame(1, 3)) == nil)
  }
}
