#include <string.h>

#include "clones.h"
#include "learning_vector.h"
#include "tape_kernels.h"

#pragma clang fp contract(fast)

// A panel is one or two vectors of columns, and as many rows of the second matrix as the first cache holds. Blocks of c
// are eight rows of one vector or four of two, so that enough sums are under way.
enum { DEPTH = 256, WIDE = 32, SHARED_ROWS = 32 };

// Rows of c, one or two vectors wide, += those of a times a panel of b, whose rows are `stride` floats apart.
INLINE void block(const int rows, const int vectors, const float *a, size_t a_row, size_t a_column, const float *b,
                  size_t stride, float *c, size_t c_row, size_t depth, int32_t add) {
  v16 sums[8][2];
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < vectors; v++) sums[r][v] = add ? LOAD(c + r * c_row + 16 * v) : SPLAT(0);
  for (size_t p = 0; p < depth; p++, a += a_column, b += stride) {
    v16 right[2];
    for (int v = 0; v < vectors; v++) right[v] = LOAD(b + 16 * v);
    for (int r = 0; r < rows; r++) {
      const v16 f = SPLAT(a[r * a_row]);
      for (int v = 0; v < vectors; v++) sums[r][v] += f * right[v];
    }
  }
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < vectors; v++) STORE(c + r * c_row + 16 * v, sums[r][v]);
}

// All rows of c, `width` columns of them. Where these are no whole vectors, blocks go by way of a copy.
INLINE void panel_product(const int rows, const int vectors, const float *a, size_t a_row, size_t a_column,
                          const float *b, size_t stride, float *c, size_t c_row, size_t m, size_t width, size_t depth,
                          int32_t add) {
  const size_t whole = 16 * (size_t)vectors;
  float copy[8 * WIDE];
  for (size_t i = 0; i < m;) {
    const int full = i + (size_t)rows <= m;
    const size_t count = full ? (size_t)rows : 1;
    float *to = c + i * c_row;
    if (width < whole && add)
      for (size_t r = 0; r < count; r++) memcpy(copy + r * whole, to + r * c_row, width * sizeof(float));
    float *out = width < whole ? copy : to;
    const size_t out_row = width < whole ? whole : c_row;
    if (full)
      block(rows, vectors, a + i * a_row, a_row, a_column, b, stride, out, out_row, depth, add);
    else
      block(1, vectors, a + i * a_row, a_row, a_column, b, stride, out, out_row, depth, add);
    if (width < whole)
      for (size_t r = 0; r < count; r++) memcpy(to + r * c_row, copy + r * whole, width * sizeof(float));
    i += count;
  }
}

INLINE void pack(const float *b, size_t stride, float *panel, size_t whole, size_t width, size_t depth) {
  for (size_t d = 0; d < depth; d++, b += stride, panel += whole) {
    size_t q = 0;
    for (; q + 16 <= width; q += 16) STORE(panel + q, LOAD(b + q));
#pragma clang loop vectorize(disable) unroll(disable)
    for (; q < width; q++) panel[q] = b[q];
  }
}

INLINE void pack_transposed(const float *b, size_t stride, float *panel, size_t whole, size_t width, size_t depth) {
  for (size_t q = 0; q < width; q++, b += stride)
    for (size_t d = 0; d < depth; d++) panel[d * whole + q] = b[d];
}

HOLSTREAM_WIDE(void, holstream_tape_product, (const float *restrict a, int32_t transposed_a, const float *restrict b, int32_t transposed_b, float *restrict c, size_t m, size_t k, size_t n, int32_t accumulate), (a, transposed_a, b, transposed_b, c, m, k, n, accumulate)) {
  const size_t a_row = transposed_a ? 1 : k, a_column = transposed_a ? m : 1;
  float packed[DEPTH * WIDE] __attribute__((aligned(64)));
  size_t width;
  for (size_t j = 0; j < n; j += width) {
    const size_t whole = n - j > 16 ? WIDE : 16;
    width = n - j < whole ? n - j : whole;
    for (size_t p = 0; p < k; p += DEPTH) {
      const size_t depth = k - p < DEPTH ? k - p : DEPTH;
      const float *panel = packed;
      size_t stride = whole;
      if (transposed_b || width < whole || m >= SHARED_ROWS) {
        if (width < whole) memset(packed, 0, depth * whole * sizeof(float));
        if (transposed_b)
          pack_transposed(b + j * k + p, k, packed, whole, width, depth);
        else
          pack(b + p * n + j, n, packed, whole, width, depth);
      } else {
        panel = b + p * n + j;
        stride = n;
      }
      const int32_t add = accumulate || p > 0;
      if (whole == WIDE)
        panel_product(4, 2, a + p * a_column, a_row, a_column, panel, stride, c + j, n, m, width, depth, add);
      else
        panel_product(8, 1, a + p * a_column, a_row, a_column, panel, stride, c + j, n, m, width, depth, add);
    }
  }
}
