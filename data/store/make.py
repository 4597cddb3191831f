"""Makes the corpus of chunks that are odd, broken or hostile: `chunks/NAME` and `chunks.json`, which says for each its
codecs and whether it decodes to the 4096 bytes (i * i / 4096) mod 256 or must be refused.

usage: make.py          needs numcodecs and zstandard; writes beside itself, the same bytes each time
"""
import gzip, json, os, pathlib, shutil, struct
import numpy
from numcodecs import Blosc, Zstd
from numcodecs.zlib import Zlib

here = pathlib.Path(__file__).parent
shutil.rmtree(here / "chunks", ignore_errors=True)
os.mkdir(here / "chunks")
plain = bytes((i * i // 4096) & 255 for i in range(4096))
manifest = []

def chunk(name, data, codecs, valid):
    (here / "chunks" / name).write_bytes(data)
    manifest.append({"name": name, "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}] + codecs, "valid": valid})

zstd = [{"name": "zstd", "configuration": {"level": 3, "checksum": True}}]
frame = Zstd(level=3, checksum=True).encode(plain)
chunk("zstd", frame, zstd, True)
chunk("zstd-two-frames", Zstd(level=3).encode(plain[:1000]) + Zstd(level=3).encode(plain[1000:]), zstd, True)
chunk("zstd-skippable-first", struct.pack("<II", 0x184D2A50, 4) + b"abcd" + frame, zstd, True)
chunk("zstd-bomb", Zstd(level=19).encode(bytes(64 << 20)), zstd, False)
# The same bomb without its content size: single-segment and size flags cleared, a window byte in their place.
chunk("zstd-bomb-no-size", frame[:4] + bytes([0x00, 0x58]) + b"".join(struct.pack("<I", (128 << 10) << 3 | 1 << 1)[:3] + b"\0" for _ in range(64)) + struct.pack("<I", 1)[:3], zstd, False)
chunk("zstd-short", frame[:-9], zstd, False)
chunk("zstd-flipped", frame[:60] + bytes([frame[60] ^ 1]) + frame[61:], zstd, False)
chunk("zstd-empty", b"", zstd, False)
chunk("zstd-garbage-behind", frame + b"x" * 7, zstd, False)
chunk("zstd-too-little", Zstd(level=3).encode(plain[:-8]), zstd, False)

def blosc(cname, shuffle, typesize=8):
    return [{"name": "blosc", "configuration": {"cname": cname, "clevel": 5, "shuffle": shuffle, "typesize": typesize, "blocksize": 0}}]

numbers = numpy.frombuffer(plain, "f8")
good = {}
for cname in ("zstd", "lz4", "lz4hc", "zlib", "blosclz"):
    for number, shuffle in ((0, "noshuffle"), (1, "shuffle"), (2, "bitshuffle")):
        good[cname, shuffle] = bytearray(Blosc(cname=cname, clevel=9, shuffle=number, blocksize=1024).encode(numbers))
        chunk(f"blosc-{cname}-{shuffle}", good[cname, shuffle], blosc(cname, shuffle), cname != "blosclz" or good[cname, shuffle][2] & 2 != 0)
base = good["zstd", "shuffle"]

def patched(offset, form, value):
    data = bytearray(base)
    struct.pack_into(form, data, offset, value)
    return bytes(data)

stored = blosc("zstd", "shuffle")
chunk("blosc-stored", bytes([2, 1, 0x03, 8]) + struct.pack("<III", 4096, 4096, 4112) + plain, stored, True)
chunk("blosc-stored-short", bytes([2, 1, 0x03, 8]) + struct.pack("<III", 4096, 4096, 4111) + plain[:-1], stored, False)
chunk("blosc-size-huge", patched(4, "<I", 0xFFFFFFFF), stored, False)
chunk("blosc-block-zero", patched(8, "<I", 0), stored, False)
chunk("blosc-block-one", patched(8, "<I", 1), stored, False)
chunk("blosc-type-zero", patched(3, "<B", 0), stored, False)
chunk("blosc-type-other", patched(3, "<B", 4), stored, False)
chunk("blosc-shuffle-lost", patched(2, "<B", base[2] & ~1), stored, False)
chunk("blosc-block-behind-end", patched(16, "<I", 0x7FFFFFFF), stored, False)
chunk("blosc-block-negative", patched(20, "<i", -5), stored, False)
chunk("blosc-block-in-header", patched(16, "<I", 3), stored, False)
chunk("blosc-part-huge", patched(struct.unpack_from("<I", base, 16)[0], "<I", 0xFFFFFFF0), stored, False)
chunk("blosc-header-only", bytes(base[:16]), stored, False)
chunk("blosc-empty", b"", stored, False)

chunk("gzip", gzip.compress(plain, mtime=0), [{"name": "gzip", "configuration": {"level": 5}}], True)
chunk("gzip-bomb", gzip.compress(bytes(4 << 20), mtime=0), [{"name": "gzip", "configuration": {"level": 5}}], False)
chunk("gzip-short", gzip.compress(plain, mtime=0)[:-5], [{"name": "gzip", "configuration": {"level": 5}}], False)
chunk("gzip-two-members", gzip.compress(plain, mtime=0) * 2, [{"name": "gzip", "configuration": {"level": 5}}], False)
crc = [{"name": "crc32c"}]
table = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    table.append(byte)
def crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value = table[(value ^ byte) & 255] ^ value >> 8
    return value ^ 0xFFFFFFFF
chunk("crc32c", plain + struct.pack("<I", crc32c(plain)), crc, True)
chunk("crc32c-wrong", plain + struct.pack("<I", crc32c(plain) ^ 1), crc, False)
chunk("crc32c-short", b"abc", crc, False)
(here / "chunks.json").write_text(json.dumps(manifest, indent=1) + "\n")
