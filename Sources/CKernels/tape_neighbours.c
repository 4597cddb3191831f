#include "clones.h"
#include "learning_vector.h"
#include "tape_kernels.h"

#pragma clang fp contract(fast)

INLINE void four(const float *a, const float *b, const float *c, const float *d, float factor, float *y, size_t n,
                 int32_t accumulate) {
  size_t k = 0;
  for (; k + 16 <= n; k += 16) {
    const v16 all = SPLAT(factor) * ((LOAD(a + k) + LOAD(b + k)) + (LOAD(c + k) + LOAD(d + k)));
    STORE(y + k, accumulate ? LOAD(y + k) + all : all);
  }
#pragma clang loop vectorize(disable) unroll(disable)
  for (; k < n; k++) {
    const float all = factor * ((a[k] + b[k]) + (c[k] + d[k]));
    y[k] = accumulate ? y[k] + all : all;
  }
}

INLINE void two(const float *a, const float *b, float factor, float *y, size_t n, int32_t accumulate) {
#pragma clang loop vectorize(disable) unroll(disable)
  for (size_t k = 0; k < n; k++) y[k] = (accumulate ? y[k] : 0) + factor * (a[k] + b[k]);
}

HOLSTREAM_WIDE(void, holstream_tape_neighbour_sum, (const float *restrict x, float factor, float *restrict y, size_t first, size_t count, size_t rows, size_t columns, size_t channels, int32_t axes, int32_t accumulate), (x, factor, y, first, count, rows, columns, channels, axes, accumulate)) {
  const size_t n = channels;
  size_t i = first / columns, j = first % columns;
  for (size_t s = 0; s < count;) {
    const float *row = x + i * columns * n;
    const float *above = x + (i == 0 ? rows - 1 : i - 1) * columns * n;
    const float *below = x + (i + 1 == rows ? 0 : i + 1) * columns * n;
    // Sites that have both neighbours in their row go in one stretch.
    size_t stretch = 1;
    if (j > 0 && j + 1 < columns) {
      stretch = columns - 1 - j;
      if (stretch > count - s) stretch = count - s;
    }
    const float *right = row + (j + 1 == columns ? 0 : j + 1) * n;
    const float *left = row + (j == 0 ? columns - 1 : j - 1) * n;
    if (axes == 1)
      two(right, left, factor, y + s * n, stretch * n, accumulate);
    else
      four(right, left, below + j * n, above + j * n, factor, y + s * n, stretch * n, accumulate);
    s += stretch;
    j += stretch;
    if (j == columns) {
      j = 0;
      i++;
    }
  }
}

HOLSTREAM_WIDE(void, holstream_tape_function_adjoint, (int32_t f, const float *restrict y, const float *restrict dy, float *restrict dx, size_t count), (f, y, dy, dx, count)) {
  if (f == HOLSTREAM_TANH)
    for (size_t k = 0; k < count; k++) dx[k] = dy[k] * (1 - y[k] * y[k]);
  else
    for (size_t k = 0; k < count; k++) dx[k] = y[k] > 0 ? dy[k] : 0;
}
