#include "clones.h"
#include "learning_vector.h"
#include "tape_blocks.h"
#include "tape_kernels.h"

#pragma clang fp contract(fast)

// y = bias + x own + mean around for some rows and one or two vectors of outputs: all sums in registers, stored once.
INLINE void rows_of(const int rows, const int vectors, const float *x, const float *mean, const float *own,
                    const float *around, const float *bias, int32_t rectifies, float *y, size_t k, size_t n) {
  v16 sums[HIGH][2];
  ALL for (int v = 0; v < vectors; v++) {
    const v16 start = bias ? LOAD(bias + 16 * v) : SPLAT(0);
    ALL for (int r = 0; r < rows; r++) sums[r][v] = start;
  }
  add_products(rows, vectors, x, k, 1, own, n, k, sums);
  if (mean) add_products(rows, vectors, mean, k, 1, around, n, k, sums);
  ALL for (int r = 0; r < rows; r++)
    ALL for (int v = 0; v < vectors; v++) {
      const v16 s = sums[r][v];
      // Written so that a NaN stays one.
      STORE(y + r * n + 16 * v, rectifies ? (v16)((i16)s & ~(i16)(s < 0.0f)) : s);
    }
}

INLINE void panel_of_rows(const int rows, const int vectors, const float *x, const float *mean, const float *own,
                          const float *around, const float *bias, int32_t rectifies, float *y, size_t count, size_t k,
                          size_t n) {
#define AT(I) x + (I) * k, mean ? mean + (I) * k : 0, own, around, bias, rectifies, y + (I) * n, k, n
  if (count < (size_t)rows) {
    for (size_t i = 0; i < count; i++) rows_of(1, vectors, AT(i));
    return;
  }
  // What is left over begins earlier and has some rows a second time.
  for (size_t i = 0; i < count; i += (size_t)rows) {
    const size_t first = i + (size_t)rows <= count ? i : count - (size_t)rows;
    rows_of(rows, vectors, AT(first));
  }
#undef AT
}

// The sums of sixteen vectors' elements, in their order.
INLINE void sums_of(v16 x[16], v16 *result) {
  ALL for (int i = 0; i < 8; i++)
    x[i] = __builtin_shufflevector(x[2 * i], x[2 * i + 1], L8) + __builtin_shufflevector(x[2 * i], x[2 * i + 1], U8);
  ALL for (int i = 0; i < 4; i++)
    x[i] = __builtin_shufflevector(x[2 * i], x[2 * i + 1], 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
           __builtin_shufflevector(x[2 * i], x[2 * i + 1], 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
  ALL for (int i = 0; i < 2; i++)
    x[i] = __builtin_shufflevector(x[2 * i], x[2 * i + 1], 0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29) +
           __builtin_shufflevector(x[2 * i], x[2 * i + 1], 2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31);
  *result = __builtin_shufflevector(x[0], x[1], 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30) +
            __builtin_shufflevector(x[0], x[1], 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}

// One output: a scalar product a row, sixteen rows at a time.
INLINE void one_output(const float *x, const float *mean, const float *own, const float *around, const float *bias,
                       int32_t rectifies, float *y, size_t count, size_t k) {
  for (size_t i = 0; i < count; i += 16) {
    v16 parts[16], all;
    for (size_t r = 0; r < 16; r++) {
      const size_t row = i + r < count ? i + r : count - 1;
      v16 part = SPLAT(0);
      for (size_t p = 0; p < k; p += 16) part += LOAD(x + row * k + p) * LOAD(own + p);
      if (mean)
        for (size_t p = 0; p < k; p += 16) part += LOAD(mean + row * k + p) * LOAD(around + p);
      parts[r] = part;
    }
    sums_of(parts, &all);
    if (bias) all += SPLAT(bias[0]);
    if (rectifies) all = (v16)((i16)all & ~(i16)(all < 0.0f));
    if (i + 16 <= count)
      STORE(y + i, all);
    else
      for (size_t r = i; r < count; r++) y[r] = all[r - i];
  }
}

HOLSTREAM_LEVELLED(void, holstream_tape_layer, (const float *restrict x, const float *restrict mean, const float *restrict own, const float *restrict around, const float *restrict bias, int32_t rectifies, float *restrict y, size_t count, size_t k, size_t n), (x, mean, own, around, bias, rectifies, y, count, k, n)) {
  if (n == 1) {
    one_output(x, mean, own, around, bias, rectifies, y, count, k);
    return;
  }
  size_t j = 0;
  for (; level == HOLSTREAM_V4 && j + 32 <= n; j += 32)
    panel_of_rows(HIGH, 2, x, mean, own + j, around + j, bias ? bias + j : 0, rectifies, y + j, count, k, n);
  for (; j < n; j += 16)
    panel_of_rows(level == HOLSTREAM_V4 ? HIGH : LOW, 1, x, mean, own + j, around + j, bias ? bias + j : 0, rectifies, y + j,
                  count, k, n);
}
