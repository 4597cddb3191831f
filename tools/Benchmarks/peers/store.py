"""The peer of bench-store: writes and reads the same frames with zarr-python and tensorstore, prints seconds as JSON.

usage: store.py FRAMES.bin FOLDER THREADS DTYPE CHUNK   (FRAMES.bin: frames of (32, 32), as the Swift side made them)
"""
import itertools, json, sys, time
import numpy, tensorstore, zarr

source, folder, threads, dtype, chunk = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
frames = numpy.fromfile(source, dtype=dtype).reshape(-1, 32, 32)
count, window = len(frames), 17
rng = numpy.random.default_rng(1)
starts = rng.integers(0, count - window, 512)
zarr.config.set({"async.concurrency": threads, "threading.max_workers": threads})
result = {}

def best(name, body, per=1, repeats=3):
    """The least time by the clock on the wall and by the processor, of all threads."""
    for suffix in ("", " processor"):
        result[name + suffix] = float("inf")
    for _ in range(repeats):
        begin, work = time.perf_counter(), time.process_time()
        body()
        result[name] = min(result[name], (time.perf_counter() - begin) / per)
        result[name + " processor"] = min(result[name + " processor"], (time.process_time() - work) / per)

# Every repeat writes to a new place: removing the old store is nobody's writing speed.
stores = itertools.count()
place = None

def new_place():
    global place
    place = f"{folder}/p{threads}-{next(stores)}.zarr"
    return place

def zarr_write():
    array = zarr.create_array(new_place(), shape=(1, count, 32, 32), chunks=(1, chunk, 32, 32), dtype=dtype,
                              compressors=zarr.codecs.ZstdCodec(level=1, checksum=True))
    step = chunk * threads
    for k in range(0, count, step):
        array[0, k:k + step] = frames[k:k + step]

def zarr_read():
    array = zarr.open_array(place, mode="r")
    for s in starts[:100]:
        array[0, s:s + window]

spec = {"driver": "zarr3",
        "metadata": {"codecs": [{"name": "zstd", "configuration": {"level": 1}}],
                     "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, chunk, 32, 32]}}}}

def context(cache):
    return {"kvstore": f"file://{place}", "context": {"cache_pool": {"total_bytes_limit": cache}, "data_copy_concurrency": {"limit": threads},
            "file_io_concurrency": {"limit": threads}}}

def tensorstore_write():
    new_place()
    array = tensorstore.open(spec | context(0), create=True, dtype=dtype, shape=(1, count, 32, 32)).result()
    # As many writes under way at once as there are threads, and the next when one has ended.
    writes = []
    for k in range(0, count, chunk):
        writes.append(array[0, k:k + chunk].write(frames[k:k + chunk]))
        if len(writes) > 2 * threads:
            writes.pop(0).result()
    for write in writes:
        write.result()

def tensorstore_read(cache):
    array = tensorstore.open(spec | context(cache), open=True).result()
    for k in range(0, len(starts), 32 if threads > 1 else 1):
        for read in [array[0, s:s + window].read() for s in starts[k:k + (32 if threads > 1 else 1)]]:
            read.result()

best("zarr write", zarr_write)
best("zarr cold", zarr_read, 100)
best("zarr warm", zarr_read, 100)
best("tensorstore write", tensorstore_write)
best("tensorstore cold", lambda: tensorstore_read(0), len(starts))
best("tensorstore warm", lambda: tensorstore_read(512 << 20), len(starts))
print(json.dumps(result))
