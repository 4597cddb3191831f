#include "clones.h"
#include "learning_kernels.h"
#include "learning_vector.h"

#pragma clang fp contract(fast)

// `rows` rows of 16 columns of c = a b from (i, j) on.
INLINE void tile(int n, int rows, const float *a, const float *b, float *c, int i, int j) {
  const size_t plane = (size_t)n * (size_t)n;
  v16 re[4], im[4];
  for (int r = 0; r < rows; r++) re[r] = im[r] = SPLAT(0.0f);
  for (int k = 0; k < n; k++) {
    const v16 x = LOAD(b + (size_t)k * n + j), y = LOAD(b + plane + (size_t)k * n + j);
    for (int r = 0; r < rows; r++) {
      const size_t at = (size_t)(i + r) * n + k;
      const v16 s = SPLAT(a[at]), t = SPLAT(a[plane + at]);
      re[r] += s * x;
      re[r] -= t * y;
      im[r] += s * y;
      im[r] += t * x;
    }
  }
  for (int r = 0; r < rows; r++) {
    STORE(c + (size_t)(i + r) * n + j, re[r]);
    STORE(c + plane + (size_t)(i + r) * n + j, im[r]);
  }
}

HOLSTREAM_WIDE(void, holstream_complex_product, (int n, const float *a, const float *b, float *c), (n, a, b, c)) {
  const size_t plane = (size_t)n * (size_t)n;
  int j = 0;
  for (; j + 16 <= n; j += 16) {
    int i = 0;
    for (; i + 4 <= n; i += 4) tile(n, 4, a, b, c, i, j);
    for (; i < n; i++) tile(n, 1, a, b, c, i, j);
  }
  for (; j < n; j++)
    for (int i = 0; i < n; i++) {
      float re = 0, im = 0;
      for (int k = 0; k < n; k++) {
        const size_t at = (size_t)i * n + k, from = (size_t)k * n + j;
        re += a[at] * b[from] - a[plane + at] * b[plane + from];
        im += a[at] * b[plane + from] + a[plane + at] * b[from];
      }
      c[(size_t)i * n + j] = re;
      c[plane + (size_t)i * n + j] = im;
    }
}
