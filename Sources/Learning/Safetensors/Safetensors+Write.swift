internal import Disk
public import Foundation

extension Safetensors {
  /// The file's bytes: tensors by descending size of their numbers, then by name; metadata by key; the header padded
  /// with spaces to a multiple of eight. The same content always gives the same bytes.
  public func encoded() throws -> Data {
    let names = tensors.keys.sorted {
      let (first, second) = (Self.bits[tensors[$0]!.type] ?? 0, Self.bits[tensors[$1]!.type] ?? 0)
      return first != second ? first > second : $0 < $1
    }
    func quoted(_ string: String) throws -> String {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .withoutEscapingSlashes
      return String(decoding: try encoder.encode(string), as: UTF8.self)
    }
    var parts: [String] = []
    if !metadata.isEmpty {
      let pairs = try metadata.keys.sorted().map { "\(try quoted($0)):\(try quoted(metadata[$0]!))" }
      parts.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    for name in names {
      let tensor = tensors[name]!
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      let end = offset + tensor.bytes.count
      parts.append(
        "\(try quoted(name)):{\"dtype\":\"\(tensor.type)\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Data("{\(parts.joined(separator: ","))}".utf8)
    header.append(Data(repeating: 0x20, count: (8 - header.count % 8) % 8))
    var data = Data(capacity: 8 + header.count + offset)
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { data.append(contentsOf: $0) }
    data.append(header)
    for name in names { data.append(tensors[name]!.bytes) }
    return data
  }

  /// Writes the file so that a reader sees the old content or the new, never a part: to a temporary name in the same
  /// folder, flushed to the disk, then renamed, then the folder flushed.
  /// - Throws: `LearningError` of code `noSpace` or `unwritable`; the folder must be there.
  public func write(to url: URL, landing: () -> Void = {}) throws {
    let data = try encoded()
    do {
      try data.withUnsafeBytes { try WholeFile.replace(url.path, with: $0, durability: .complete, landing: landing) }
    } catch let error as DiskError {
      throw LearningError(error.isDiskFull ? .noSpace : .unwritable, error.description)
    }
  }
}
