/// The block format of LZ4, for reading Blosc frames of others.
///
/// Source: the LZ4 block format description: a token, literals, an offset back into the output, a match.
enum LZ4 {
  /// - Returns: The number of bytes; nil for a block that is damaged or does not fit.
  static func decompress(_ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int? {
    var at = 0
    var done = 0
    /// A length of 15 goes on in further bytes until one is not 255.
    func extended(_ nibble: Int) -> Int? {
      var length = nibble
      guard nibble == 15 else { return length }
      while at < bytes.count {
        let byte = bytes[at]
        at += 1
        length += Int(byte)
        if length > target.count { return nil }
        if byte != 255 { return length }
      }
      return nil
    }
    while at < bytes.count {
      let token = bytes[at]
      at += 1
      guard let literals = extended(Int(token >> 4)), literals <= bytes.count - at, literals <= target.count - done
      else {
        return nil
      }
      if literals > 0 { (target.baseAddress! + done).copyMemory(from: bytes.baseAddress! + at, byteCount: literals) }
      at += literals
      done += literals
      if at == bytes.count { return done }
      guard bytes.count - at >= 2 else { return nil }
      let offset = Int(bytes[at]) | Int(bytes[at + 1]) << 8
      at += 2
      guard offset > 0, offset <= done, let match = extended(Int(token & 15)), match + 4 <= target.count - done else {
        return nil
      }
      // The match may overlap what it makes, so it is copied byte by byte.
      for _ in 0..<(match + 4) {
        target[done] = target[done - offset]
        done += 1
      }
    }
    return nil
  }
}
