import Foundation
import TestSupport
import Testing

@testable import Zarr

@Suite("Stores of other programs", .enabled(if: Places.hasPython, "tools/test makes the environment"))
struct InteroperabilityTests {
  @Test("Every codec, data type, shard and byte order that zarr-python writes is read bit for bit")
  func zarrPython() async throws {
    try await compare(
      """
      import sys, json, numpy, zarr
      from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec, TransposeCodec, BytesCodec, ShardingCodec, Crc32cCodec
      folder = sys.argv[1]
      rng = numpy.random.default_rng(1)
      smooth = numpy.cumsum(rng.normal(size=(3, 40, 6, 8)), axis=1)
      cases = {}
      def case(name, data, **options):
          chunks = options.pop("chunks", (1, 16, 6, 8))
          array = zarr.create_array(f"{folder}/{name}", shape=data.shape, chunks=chunks, dtype=data.dtype, **options)
          array[...] = data
          data.astype(data.dtype.newbyteorder("<")).tofile(f"{folder}/{name}.raw")
      for name in ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64", "complex64", "complex128"):
          case(f"type-{name}", (smooth * 20).astype(numpy.complex128).astype(name) if "complex" in name else (smooth > 0 if name == "bool" else (abs(smooth) * 5).astype(name)))
          case(f"sharded-{name}", (abs(smooth) * 3).astype(name), chunks=(1, 8, 6, 4), shards=(2, 16, 6, 8))
      for cname in ("zstd", "lz4", "lz4hc", "zlib"):
          for shuffle in ("noshuffle", "shuffle", "bitshuffle"):
              for level in (1, 9):
                  case(f"blosc-{cname}-{shuffle}-{level}", smooth.astype("float32"), compressors=BloscCodec(cname=cname, shuffle=shuffle, clevel=level))
                  case(f"blosc8-{cname}-{shuffle}-{level}", smooth, chunks=(3, 39, 6, 7), compressors=BloscCodec(cname=cname, shuffle=shuffle, clevel=level, blocksize=2048))
      case("blosc-incompressible", rng.integers(0, 255, (3, 40, 6, 8)).astype("uint8"), compressors=BloscCodec(cname="zstd", shuffle="shuffle"))
      case("blosc-stored", smooth, compressors=BloscCodec(cname="zstd", shuffle="shuffle", clevel=0))
      case("blosc-large", numpy.tile(smooth, (1, 1, 10, 10)), chunks=(1, 20, 60, 80), compressors=BloscCodec(cname="zstd", shuffle="shuffle"))
      case("gzip", smooth, compressors=GzipCodec(level=6))
      case("gzip-zstd-crc", smooth, compressors=[GzipCodec(level=1), ZstdCodec(level=3), Crc32cCodec()])
      case("big", smooth, serializer=BytesCodec(endian="big"))
      case("big-complex", smooth + 1j * smooth[::-1], serializer=BytesCodec(endian="big"), compressors=BloscCodec(cname="zstd", shuffle="shuffle"))
      case("transposed", smooth.astype("complex64"), filters=TransposeCodec(order=(0, 3, 2, 1)))
      case("transposed-cycle", smooth.astype("int16"), chunks=(2, 7, 5, 3), filters=TransposeCodec(order=(1, 3, 0, 2)))
      case("transposed-twice", smooth, filters=[TransposeCodec(order=(1, 2, 3, 0)), TransposeCodec(order=(0, 3, 1, 2))])
      for location in ("start", "end"):
          for index in ([BytesCodec()], [BytesCodec(), Crc32cCodec()]):
              case(f"shard-{location}-{len(index)}", smooth, chunks=(2, 16, 6, 8), compressors=None, filters=None,
                   serializer=ShardingCodec(chunk_shape=(1, 4, 3, 8), codecs=[TransposeCodec(order=(0, 3, 2, 1)), BytesCodec(), BloscCodec(cname="zstd", shuffle="shuffle")], index_codecs=index, index_location=location))
      sparse = zarr.create_array(f"{folder}/sparse", shape=(3, 40, 6, 8), chunks=(1, 4, 6, 8), shards=(1, 16, 6, 8), dtype="float64", fill_value=numpy.nan)
      sparse[1, 5:9] = smooth[1, 5:9]
      sparse[...].tofile(f"{folder}/sparse.raw")
      case("scalar", numpy.array(7.5), chunks=())
      """)
  }

  @Test("Every codec, data type and shard that tensorstore writes is read bit for bit")
  func tensorstore() async throws {
    try await compare(
      """
      import sys, numpy, tensorstore
      folder = sys.argv[1]
      rng = numpy.random.default_rng(2)
      smooth = numpy.cumsum(rng.normal(size=(3, 40, 6, 8)), axis=1)
      def case(name, data, codecs, chunks=(1, 16, 6, 8)):
          tensorstore.open({"driver": "zarr3", "kvstore": f"file://{folder}/{name}", "metadata": {"codecs": codecs,
              "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunks)}}}}, create=True,
              dtype=str(data.dtype), shape=data.shape).result().write(data).result()
          data.tofile(f"{folder}/{name}.raw")
      def codec(name, **configuration): return {"name": name, "configuration": configuration}
      zstd = [codec("zstd", level=3)]
      for name in ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64", "complex64", "complex128"):
          case(f"type-{name}", (smooth > 0) if name == "bool" else (abs(smooth) * 3).astype(name), zstd)
      for cname in ("zstd", "lz4", "lz4hc", "zlib"):
          for shuffle in ("noshuffle", "shuffle", "bitshuffle"):
              case(f"blosc-{cname}-{shuffle}", smooth, [codec("blosc", cname=cname, clevel=5, shuffle=shuffle, typesize=8, blocksize=0)])
      case("gzip", smooth, [codec("gzip", level=5)])
      case("big", smooth, [codec("bytes", endian="big")] + zstd)
      case("transposed", smooth, [codec("transpose", order=[0, 3, 2, 1]), codec("bytes", endian="little")] + zstd)
      for location in ("start", "end"):
          case(f"shard-{location}", smooth, [codec("sharding_indexed", chunk_shape=[1, 4, 3, 8], codecs=[codec("bytes", endian="little")] + zstd,
               index_codecs=[codec("bytes", endian="little"), {"name": "crc32c"}], index_location=location)], chunks=(2, 16, 6, 8))
      """)
  }

  /// Runs a script that makes arrays and, beside each, its numbers as `NAME.raw`.
  private func compare(_ script: String) async throws {
    try await withTemporaryDirectory { folder in
      let made = try runPython(script, [folder.path])
      try #require(made.status == 0, "\(made.output)")
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".raw") }
      #expect(names.count > 20)
      for name in names.map({ String($0.dropLast(4)) }).sorted() {
        let expected = try [UInt8](Data(contentsOf: folder.appending(path: "\(name).raw")))
        do {
          let array = try ZarrArray(folder.appending(path: name))
          let bytes = try array.readBytes(array.shape.map { 0..<$0 })
          #expect(bytes.elementsEqual(expected), "\(name)")
        } catch {
          Issue.record("\(name): \(error)")
        }
      }
    }
  }
}
