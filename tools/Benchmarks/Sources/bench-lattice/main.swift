import Peak

print("dgemm \(Peak.dgemm(threads: 1)) GFLOP/s, sgemm \(Peak.sgemm(threads: 1)) GFLOP/s, memcpy \(Peak.memcpy()) GB/s")
