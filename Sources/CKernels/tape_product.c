#include <string.h>

#include "clones.h"
#include "learning_vector.h"
#include "tape_blocks.h"
#include "tape_kernels.h"

#pragma clang fp contract(fast)

// A panel is one or two vectors of columns, and as many rows of the second matrix as the first cache holds. Rows of the
// first are copied so many at a time that the second cache holds the copy: a multiple of HIGH and LOW.
enum { DEPTH = 192, SHARED_ROWS = 32, COPIED_ROWS = 504 };

// A block's rows from `skip` on, `count` of them and `width` columns: less than all goes by way of a copy.
INLINE void part(const int rows, const int vectors, size_t skip, size_t count, size_t width, const float *a,
                 size_t a_row, size_t a_column, const float *b, size_t stride, float *c, size_t c_row, size_t depth,
                 int32_t add) {
  const size_t whole = 16 * (size_t)vectors;
  if (count == (size_t)rows && width == whole) {
    block(rows, vectors, a, a_row, a_column, b, stride, c, c_row, depth, add);
    return;
  }
  float copy[HIGH * WIDE];
  if (add) {
    memset(copy, 0, (size_t)rows * whole * sizeof(float));
    for (size_t r = skip; r < skip + count; r++) memcpy(copy + r * whole, c + r * c_row, width * sizeof(float));
  }
  block(rows, vectors, a, a_row, a_column, b, stride, copy, whole, depth, add);
  for (size_t r = skip; r < skip + count; r++) memcpy(c + r * c_row, copy + r * whole, width * sizeof(float));
}

// All rows of c, `width` columns of them; what is left over of the rows begins earlier and has some a second time.
INLINE void panel_product(const int rows, const int vectors, const float *a, size_t a_row, size_t a_column,
                          const float *b, size_t stride, float *c, size_t c_row, size_t m, size_t width, size_t depth,
                          int32_t add) {
  for (size_t i = 0; i < m;) {
    const size_t left = m - i;
    if (left >= (size_t)rows || (left > 4 && m >= (size_t)rows)) {
      const size_t skip = left >= (size_t)rows ? 0 : (size_t)rows - left;
      const size_t first = i - skip;
      part(rows, vectors, skip, (size_t)rows - skip, width, a + first * a_row, a_row, a_column, b, stride,
           c + first * c_row, c_row, depth, add);
      i = first + (size_t)rows;
    } else if (left >= 4 || m >= 4) {
      const size_t skip = left >= 4 ? 0 : 4 - left;
      const size_t first = i - skip;
      part(4, vectors, skip, 4 - skip, width, a + first * a_row, a_row, a_column, b, stride, c + first * c_row, c_row,
           depth, add);
      i = first + 4;
    } else {
      part(1, vectors, 0, 1, width, a + i * a_row, a_row, a_column, b, stride, c + i * c_row, c_row, depth, add);
      i++;
    }
  }
}

// The same with rows that were copied block by block by `pack_rows`. Meanwhile what comes next is fetched: rows of c, and
// the `next_depth` rows of the next panel.
INLINE void packed_product(const int rows, const int vectors, const float *a, const float *b, size_t stride, float *c,
                           size_t c_row, size_t m, size_t width, size_t depth, int32_t add, const float *next,
                           size_t next_row, size_t next_depth) {
  const size_t share = (next_depth * (size_t)rows + m - 1) / m;
  for (size_t i = 0, fetched = 0; i < m; i += (size_t)rows) {
    const size_t count = m - i < (size_t)rows ? m - i : (size_t)rows;
    for (size_t r = i + (size_t)rows; r < i + 2 * (size_t)rows && r < m; r++) {
      __builtin_prefetch(c + r * c_row, 1);
      __builtin_prefetch(c + r * c_row + 16, 1);
    }
    for (size_t end = fetched + share; fetched < end && fetched < next_depth; fetched++) {
      __builtin_prefetch(next + fetched * next_row);
      __builtin_prefetch(next + fetched * next_row + 16);
    }
    part(rows, vectors, 0, count, width, a + i * depth, 1, (size_t)rows, b, stride, c + i * c_row, c_row, depth, add);
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
  size_t q = 0;
  for (; q + 16 <= width; q += 16) {
    size_t d = 0;
    for (; d + 16 <= depth; d += 16) turn(16, b + q * stride + d, stride, panel + d * whole + q, whole);
    for (; d < depth; d++)
      for (size_t r = q; r < q + 16; r++) panel[d * whole + r] = b[r * stride + d];
  }
  for (; q < width; q++)
    for (size_t d = 0; d < depth; d++) panel[d * whole + q] = b[q * stride + d];
}

// Blocks of `rows` rows of a, one behind the other, column by column; zeros behind the last row.
INLINE void pack_rows(const int rows, const float *a, size_t a_row, size_t a_column, float *packed, size_t m,
                      size_t depth) {
  for (size_t i = 0; i < m; i += (size_t)rows, packed += (size_t)rows * depth) {
    const size_t count = m - i < (size_t)rows ? m - i : (size_t)rows;
    const float *from = a + i * a_row;
    if (count < (size_t)rows) memset(packed, 0, (size_t)rows * depth * sizeof(float));
    if (a_row == 1) {
      for (size_t d = 0; d < depth; d++)
        memcpy(packed + d * (size_t)rows, from + d * a_column, count * sizeof(float));
      continue;
    }
    size_t d = 0;
    if (count == (size_t)rows)
      for (; d + 16 <= depth; d += 16) turn(rows, from + d, a_row, packed + d * (size_t)rows, (size_t)rows);
    for (; d < depth; d++)
      for (size_t r = 0; r < count; r++) packed[d * (size_t)rows + r] = from[r * a_row + d];
  }
}

// One panel of b as it is or copied: where it begins and how far its rows lie apart.
INLINE const float *panel_of(const float *b, int32_t transposed, size_t k, size_t n, size_t p, size_t j, size_t depth,
                             size_t width, size_t whole, int copies, float *packed, size_t *stride) {
  *stride = whole;
  if (!transposed && width == whole && !copies) {
    *stride = n;
    return b + p * n + j;
  }
  if (width < whole) memset(packed, 0, depth * whole * sizeof(float));
  if (transposed)
    pack_transposed(b + j * k + p, k, packed, whole, width, depth);
  else
    pack(b + p * n + j, n, packed, whole, width, depth);
  return packed;
}

// Rows of a that lie far apart, and are needed for many columns, are copied first.
INLINE void large_product(const int rows, const int vectors, const float *a, size_t a_row, size_t a_column,
                          const float *b, int32_t transposed_b, float *c, size_t m, size_t k, size_t n, int32_t accumulate) {
  const size_t whole = 16 * (size_t)vectors;
  float panel[DEPTH * WIDE] __attribute__((aligned(64)));
  float copied[COPIED_ROWS * DEPTH + 16] __attribute__((aligned(64)));
  for (size_t i = 0; i < m; i += COPIED_ROWS) {
    const size_t count = m - i < COPIED_ROWS ? m - i : COPIED_ROWS;
    for (size_t p = 0; p < k; p += DEPTH) {
      const size_t depth = k - p < DEPTH ? k - p : DEPTH;
      pack_rows(rows, a + i * a_row + p * a_column, a_row, a_column, copied, count, depth);
      size_t width;
      for (size_t j = 0; j < n; j += width) {
        width = n - j < whole ? n - j : whole;
        size_t stride;
        const float *right = panel_of(b, transposed_b, k, n, p, j, depth, width, whole, 1, panel, &stride);
        const size_t after = j + width < n && !transposed_b ? depth : 0;
        packed_product(rows, vectors, copied, right, stride, c + i * n + j, n, count, width, depth, accumulate || p > 0,
                       b + p * n + j + width, n, after);
      }
    }
  }
}

INLINE void small_product(const int rows, const int vectors, const float *a, size_t a_row, size_t a_column,
                          const float *b, int32_t transposed_b, float *c, size_t m, size_t k, size_t n, int32_t accumulate) {
  float packed[DEPTH * WIDE] __attribute__((aligned(64)));
  size_t width;
  for (size_t j = 0; j < n; j += width) {
    const size_t whole = vectors == 2 && n - j > 16 ? WIDE : 16;
    width = n - j < whole ? n - j : whole;
    for (size_t p = 0; p < k; p += DEPTH) {
      const size_t depth = k - p < DEPTH ? k - p : DEPTH;
      size_t stride;
      const float *panel =
          panel_of(b, transposed_b, k, n, p, j, depth, width, whole, m >= SHARED_ROWS, packed, &stride);
      const int32_t add = accumulate || p > 0;
      const float *left = a + p * a_column;
      if (whole == WIDE)
        panel_product(rows, 2, left, a_row, a_column, panel, stride, c + j, n, m, width, depth, add);
      else
        panel_product(rows, 1, left, a_row, a_column, panel, stride, c + j, n, m, width, depth, add);
    }
  }
}

HOLSTREAM_LEVELLED(void, holstream_tape_product, (const float *restrict a, int32_t transposed_a, const float *restrict b, int32_t transposed_b, float *restrict c, size_t m, size_t k, size_t n, int32_t accumulate), (a, transposed_a, b, transposed_b, c, m, k, n, accumulate)) {
  const size_t a_row = transposed_a ? 1 : k, a_column = transposed_a ? m : 1;
  const int rows = level == HOLSTREAM_V4 ? HIGH : LOW, vectors = level == HOLSTREAM_V4 ? 2 : 1;
  if (n >= 96 && m >= 48 && (transposed_a ? m : k) >= 192)
    large_product(rows, vectors, a, a_row, a_column, b, transposed_b, c, m, k, n, accumulate);
  else
    small_product(rows, vectors, a, a_row, a_column, b, transposed_b, c, m, k, n, accumulate);
}
