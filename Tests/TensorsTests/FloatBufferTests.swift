import Testing

@testable import Tensors

struct FloatBufferTests {
  @Test("A buffer is zero at first, aligned to 64 bytes, and keeps what it is given")
  func contents() {
    let buffer = FloatBuffer(count: 5)
    #expect(Int(bitPattern: buffer.pointer) % 64 == 0)
    #expect(buffer.array() == [0, 0, 0, 0, 0])
    buffer.assign([1, 2, 3])
    #expect(buffer.array() == [1, 2, 3, 0, 0])
  }
}
