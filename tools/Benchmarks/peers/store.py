"""The peer of bench-store: writes and reads the same frames with zarr-python and tensorstore, prints seconds as JSON.

usage: store.py FRAMES.bin FOLDER THREADS   (FRAMES.bin: float32 frames of (32, 32, 2), as the Swift side made them)
"""
import json, shutil, sys, time
import numpy, tensorstore, zarr

source, folder, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
frames = numpy.fromfile(source, dtype="complex64").reshape(-1, 32, 32)
chunk, count, window = 64, len(frames), 17
rng = numpy.random.default_rng(1)
starts = rng.integers(0, count - window, 2000)
zarr.config.set({"async.concurrency": threads, "threading.max_workers": threads})
result = {}

def best(body, repeats=3):
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        body()
        times.append(time.perf_counter() - begin)
    return min(times)

def zarr_write():
    shutil.rmtree(f"{folder}/z.zarr", ignore_errors=True)
    array = zarr.create_array(f"{folder}/z.zarr", shape=(1, count, 32, 32), chunks=(1, chunk, 32, 32), dtype="complex64",
                              compressors=zarr.codecs.ZstdCodec(level=1, checksum=True))
    for k in range(0, count, chunk):
        array[0, k:k + chunk] = frames[k:k + chunk]

def zarr_read():
    array = zarr.open_array(f"{folder}/z.zarr", mode="r")
    for s in starts[:400]:
        array[0, s:s + window]

spec = {"driver": "zarr3", "kvstore": f"file://{folder}/t.zarr", "context": {
            "cache_pool": {"total_bytes_limit": 64 << 20}, "data_copy_concurrency": {"limit": threads}, "file_io_concurrency": {"limit": threads}},
        "metadata": {"codecs": [{"name": "zstd", "configuration": {"level": 1}}],
                     "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, chunk, 32, 32]}}}}

def tensorstore_write():
    shutil.rmtree(f"{folder}/t.zarr", ignore_errors=True)
    array = tensorstore.open(spec, create=True, dtype="complex64", shape=(1, count, 32, 32)).result()
    for k in range(0, count, chunk):
        array[0, k:k + chunk].write(frames[k:k + chunk]).result()

def tensorstore_read():
    array = tensorstore.open(spec, open=True).result()
    for s in starts:
        array[0, s:s + window].read().result()

result["zarr write"] = best(zarr_write)
result["zarr window"] = best(zarr_read) / 400
result["tensorstore write"] = best(tensorstore_write)
result["tensorstore window"] = best(tensorstore_read) / len(starts)
print(json.dumps(result))
