#include <string.h>
#include "clones.h"
#include "learning_kernels.h"
#include "learning_vector.h"

#pragma clang fp contract(fast)

// The circular 3 × 3 convolution as 36 products of matrices: Winograd's F(4 × 4, 3 × 3).
//
// A tile of 4 × 4 outputs needs 6 × 6 inputs d. With y = Aᵀ [(G w Gᵀ) ∘ (Bᵀ d B)] A it takes 36 multiplications instead
// of 144. The transforms evaluate polynomials at 0, ±a, ±b and infinity; a = √½ and b = √2 keep the rounding error within
// about twice that of the direct sum, where the usual 1 and 2 lose a digit (docs/learning.md). Every lane of a vector is
// a tile of its own, so that nothing is shuffled but at the edges of the lanes' blocks.
//
// Sources: Winograd (1980); Lavin and Gray, "Fast algorithms for convolutional neural networks" (2016). The matrices
// follow from the points by Toom and Cook's construction.

#define POINT_A 0.70710678118654752f
#define POINT_B 1.41421356237309505f

// out = Bᵀ d: the products of (x - point) over all points but one, as coefficients.
INLINE void input_transform(const v16 *d, int stride, v16 *out, int step) {
  const v16 d0 = d[0], d1 = d[stride], d2 = d[2 * stride], d3 = d[3 * stride], d4 = d[4 * stride], d5 = d[5 * stride];
  const v16 even_a = d4 - 2.0f * d2, odd_a = d3 - 2.0f * d1;
  const v16 even_b = d4 - 0.5f * d2, odd_b = d3 - 0.5f * d1;
  out[0] = d0 + (d4 - 2.5f * d2);
  out[step] = even_a + POINT_A * odd_a;
  out[2 * step] = even_a - POINT_A * odd_a;
  out[3 * step] = even_b + POINT_B * odd_b;
  out[4 * step] = even_b - POINT_B * odd_b;
  out[5 * step] = d1 + (d5 - 2.5f * d3);
}

// out = Aᵀ m: powers 0 to 3 of the points.
INLINE void output_transform(const v16 *m, int stride, v16 *out, int step) {
  const v16 even_a = m[stride] + m[2 * stride], odd_a = POINT_A * (m[stride] - m[2 * stride]);
  const v16 even_b = m[3 * stride] + m[4 * stride], odd_b = POINT_B * (m[3 * stride] - m[4 * stride]);
  out[0] = m[0] + (even_a + even_b);
  out[step] = odd_a + odd_b;
  out[2 * step] = 0.5f * even_a + 2.0f * even_b;
  out[3 * step] = 0.5f * odd_a + (2.0f * odd_b + m[5 * stride]);
}

// out = A y, the adjoint of the output transform.
INLINE void output_adjoint(const v16 *y, int stride, v16 *out, int step) {
  const v16 y0 = y[0], y1 = y[stride], y2 = y[2 * stride], y3 = y[3 * stride];
  const v16 even_a = y0 + 0.5f * y2, odd_a = POINT_A * (y1 + 0.5f * y3);
  const v16 even_b = y0 + 2.0f * y2, odd_b = POINT_B * (y1 + 2.0f * y3);
  out[0] = y0;
  out[step] = even_a + odd_a;
  out[2 * step] = even_a - odd_a;
  out[3 * step] = even_b + odd_b;
  out[4 * step] = even_b - odd_b;
  out[5 * step] = y3;
}

// out = G w: powers 0 to 2 of the points, divided by the products of their distances.
INLINE void weight_transform(const v16 *w, int stride, v16 *out, int step) {
  const v16 even_a = (-2.0f / 3) * w[0] - (1.0f / 3) * w[2 * stride], odd_a = (-2.0f / 3 * POINT_A) * w[stride];
  const v16 even_b = (1.0f / 6) * w[0] + (1.0f / 3) * w[2 * stride], odd_b = (1.0f / 6 * POINT_B) * w[stride];
  out[0] = w[0];
  out[step] = even_a + odd_a;
  out[2 * step] = even_a - odd_a;
  out[3 * step] = even_b + odd_b;
  out[4 * step] = even_b - odd_b;
  out[5 * step] = w[2 * stride];
}

// out = Gᵀ u, the adjoint.
INLINE void weight_adjoint(const v16 *u, int stride, v16 *out, int step) {
  const v16 even_a = u[stride] + u[2 * stride], odd_a = u[stride] - u[2 * stride];
  const v16 even_b = u[3 * stride] + u[4 * stride], odd_b = u[3 * stride] - u[4 * stride];
  out[0] = u[0] + ((1.0f / 6) * even_b - (2.0f / 3) * even_a);
  out[step] = (1.0f / 6 * POINT_B) * odd_b - (2.0f / 3 * POINT_A) * odd_a;
  out[2 * step] = u[5 * stride] + (1.0f / 3) * (even_b - even_a);
}

// Transforms w for eight rows at a time; row r, column c, tap k of w lie at r * row + c * column + k.
INLINE void pack(const float *w, int rows, size_t row, int columns, size_t column, const int adjoint, float *packed) {
  const int groups = (rows + HOLSTREAM_TILE - 1) / HOLSTREAM_TILE;
  const size_t position = (size_t)groups * columns * HOLSTREAM_TILE;
  for (int group = 0; group < groups; group++)
    for (int c = 0; c < columns; c++) {
      v16 taps[9] = {0}, half[18], u[36];
      for (int k = 0; k < 9; k++)
        for (int r = 0; r < 8; r++) {
          const int from = 8 * group + r;
          taps[adjoint ? 8 - k : k][r] = from < rows ? w[from * row + c * column + k] : 0;
        }
#pragma clang loop unroll(full)
      for (int b = 0; b < 3; b++) weight_transform(taps + b, 3, half + b, 3);
#pragma clang loop unroll(full)
      for (int k = 0; k < 6; k++) weight_transform(half + 3 * k, 1, u + 6 * k, 1);
      float *to = packed + ((size_t)group * columns + c) * HOLSTREAM_TILE;
      for (int k = 0; k < 36; k++)
        *(v8 *)(to + k * position) = __builtin_shufflevector(u[k], u[k], 0, 1, 2, 3, 4, 5, 6, 7);
    }
}

HOLSTREAM_WIDE
void holstream_winograd_pack(const float *w, int outputs, int inputs, float *packed) {
  pack(w, outputs, 9 * (size_t)inputs, inputs, 9, 0, packed);
}

HOLSTREAM_WIDE
void holstream_winograd_pack_adjoint(const float *w, int outputs, int inputs, float *packed) {
  pack(w, inputs, 9, outputs, 9 * (size_t)inputs, 1, packed);
}

// Which edges of a block a tile lies at: its neighbours there are in the lane beside. Lanes lie 4 × 4.
enum { INSIDE = 0, LOW = 1, HIGH = 2, BOTH = LOW | HIGH };

// v = Bᵀ d B of the tile whose first output is (i0, j0) of every block of m × m sites.
INLINE void transform_tile(const int vertical, const int horizontal, const float *plane, int m, int i0, int j0,
                           v16 v[36]) {
  v16 half[36];
#pragma clang loop unroll(full)
  for (int b = 0; b < 6; b++) {
    const int left = b == 0 && (horizontal & LOW), right = b == 5 && (horizontal & HIGH);
    const int j = left ? m - 1 : right ? 0 : j0 + b - 1;
    v16 d[6];
#pragma clang loop unroll(full)
    for (int a = 0; a < 6; a++) {
      const int top = a == 0 && (vertical & LOW), bottom = a == 5 && (vertical & HIGH);
      const int i = top ? m - 1 : bottom ? 0 : i0 + a - 1;
      v16 x = LOAD(plane + 16 * (i * m + j));
      if (top) x = __builtin_shufflevector(x, x, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
      if (bottom) x = __builtin_shufflevector(x, x, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3);
      if (left) x = __builtin_shufflevector(x, x, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14);
      if (right) x = __builtin_shufflevector(x, x, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12);
      d[a] = x;
    }
    input_transform(d, 1, half + b, 6);
  }
#pragma clang loop unroll(full)
  for (int a = 0; a < 6; a++) input_transform(half + 6 * a, 1, v + 6 * a, 1);
}

// A block has (m / 4)² tiles; with m = 4 there is one and all its edges are known in advance.
#define TILES(m) ((m) / 4 * ((m) / 4))
// Floats from one of the 36 positions to the next, for so many vectors of 16: one more, so that the positions do not
// fall on the same lines of the cache.
#define POSITION(vectors) (16 * ((size_t)(vectors) + 1))

INLINE void transform_any_tile(const float *plane, int m, int i0, int j0, v16 v[36]) {
  if (m == 4) {
    transform_tile(BOTH, BOTH, plane, 4, 0, 0, v);
    return;
  }
  const int vertical = i0 == 0 ? LOW : i0 + 4 == m ? HIGH : INSIDE;
  const int horizontal = j0 == 0 ? LOW : j0 + 4 == m ? HIGH : INSIDE;
  switch (3 * vertical + horizontal) {
    case 0: transform_tile(INSIDE, INSIDE, plane, m, i0, j0, v); break;
    case 1: transform_tile(INSIDE, LOW, plane, m, i0, j0, v); break;
    case 2: transform_tile(INSIDE, HIGH, plane, m, i0, j0, v); break;
    case 3: transform_tile(LOW, INSIDE, plane, m, i0, j0, v); break;
    case 4: transform_tile(LOW, LOW, plane, m, i0, j0, v); break;
    case 5: transform_tile(LOW, HIGH, plane, m, i0, j0, v); break;
    case 6: transform_tile(HIGH, INSIDE, plane, m, i0, j0, v); break;
    case 7: transform_tile(HIGH, LOW, plane, m, i0, j0, v); break;
    default: transform_tile(HIGH, HIGH, plane, m, i0, j0, v);
  }
}

// v (36, channels, count, 16) of `count` tiles from tile t0 on.
INLINE void transform_planes(const holstream_planes *g, const float *x, int channels, int t0, int count, float *v) {
  const int m = g->edge, across = m / 4;
  const size_t position = POSITION(channels * count);
  for (int c = 0; c < channels; c++)
    for (int t = 0; t < count; t++) {
      v16 u[36];
      transform_any_tile(x + (size_t)c * g->stride, m, 4 * ((t0 + t) / across), 4 * ((t0 + t) % across), u);
      float *to = v + 16 * ((size_t)c * count + t);
#pragma clang loop unroll(full)
      for (int k = 0; k < 36; k++) STORE(to + k * position, u[k]);
    }
}

// product (8 G, V vectors) = u (G, inputs, 8)ᵀ v (inputs, V vectors); the second group of u lies `next` floats on.
INLINE void multiply(const int G, const int V, const float *u, size_t next, const float *v, size_t row, int inputs,
                     float *product, size_t out) {
  v16 acc[16][2];
#pragma clang loop unroll(full)
  for (int o = 0; o < 8 * G; o++)
#pragma clang loop unroll(full)
    for (int k = 0; k < V; k++) acc[o][k] = SPLAT(0);
#pragma clang loop unroll_count(2)
  for (int i = 0; i < inputs; i++) {
    v16 b[2];
#pragma clang loop unroll(full)
    for (int k = 0; k < V; k++) b[k] = LOAD(v + i * row + 16 * k);
#pragma clang loop unroll(full)
    for (int o = 0; o < 8 * G; o++) {
      const v16 a = SPLAT(u[o / 8 * next + 8 * i + o % 8]);
#pragma clang loop unroll(full)
      for (int k = 0; k < V; k++) acc[o][k] += a * b[k];
    }
  }
#pragma clang loop unroll(full)
  for (int o = 0; o < 8 * G; o++)
#pragma clang loop unroll(full)
    for (int k = 0; k < V; k++) STORE(product + o * out + 16 * k, acc[o][k]);
}

// The tile at (i0, j0) of y from its product.
INLINE void output_tile(const float *product, size_t position, int m, int i0, int j0, float c, const float *add,
                        float *y) {
  v16 half[24];
#pragma clang loop unroll(full)
  for (int b = 0; b < 6; b++) {
    v16 column[6];
#pragma clang loop unroll(full)
    for (int a = 0; a < 6; a++) column[a] = LOAD(product + (6 * a + b) * position);
    output_transform(column, 1, half + b, 6);
  }
#pragma clang loop unroll(full)
  for (int a = 0; a < 4; a++) {
    v16 out[4];
    output_transform(half + 6 * a, 1, out, 1);
#pragma clang loop unroll(full)
    for (int b = 0; b < 4; b++) {
      const size_t at = 16 * ((size_t)(i0 + a) * m + j0 + b);
      STORE(y + at, add ? out[b] + c + LOAD(add + at) : out[b] + c);
    }
  }
}

// The weights of two groups of eight outputs from their nine taps; own (2, 36, inputs, 8).
INLINE void transform_weights(const float *packed, int inputs, int groups, size_t kernel, float *own) {
  const float *second = packed + (groups == 2 ? (size_t)inputs * 9 * HOLSTREAM_TILE : 0);
  for (int i = 0; i < inputs; i++) {
    v16 taps[9], half[18], u[36];
#pragma clang loop unroll(full)
    for (int k = 0; k < 9; k++) {
      const size_t at = ((size_t)i * 9 + k) * HOLSTREAM_TILE;
      taps[k] = __builtin_shufflevector(*(const v8 *)(packed + at), *(const v8 *)(second + at), 0, 1, 2, 3, 4, 5, 6, 7,
                                        8, 9, 10, 11, 12, 13, 14, 15);
    }
#pragma clang loop unroll(full)
    for (int b = 0; b < 3; b++) weight_transform(taps + b, 3, half + b, 3);
#pragma clang loop unroll(full)
    for (int k = 0; k < 6; k++) weight_transform(half + 3 * k, 1, u + 6 * k, 1);
    float *to = own + (size_t)i * HOLSTREAM_TILE;
#pragma clang loop unroll(full)
    for (int k = 0; k < 36; k++) {
      *(v8 *)(to + k * kernel) = __builtin_shufflevector(u[k], u[k], 0, 1, 2, 3, 4, 5, 6, 7);
      *(v8 *)(to + (36 + k) * kernel) = __builtin_shufflevector(u[k], u[k], 8, 9, 10, 11, 12, 13, 14, 15);
    }
  }
}

HOLSTREAM_WIDE
void holstream_winograd_convolve(const holstream_planes *g, const float *x, int inputs, const float *packed,
                                 int compact, const float *bias, const float *add, float *y, int outputs, int begin,
                                 int end, float *scratch) {
  const int m = g->edge, across = m / 4, groups = (outputs + HOLSTREAM_TILE - 1) / HOLSTREAM_TILE;
  const int chunk = holstream_winograd_chunk(inputs);
  const size_t kernel = (size_t)inputs * HOLSTREAM_TILE + 16;
  for (int t0 = begin; t0 < end; t0 += chunk) {
    const int count = end - t0 < chunk ? end - t0 : chunk;
    const size_t row = 16 * (size_t)count, input = POSITION(inputs * count);
    float *v = scratch, *product = v + 36 * input, *own = product + 36 * POSITION(2 * HOLSTREAM_TILE * count);
    transform_planes(g, x, inputs, t0, count, v);
    for (int group = 0; group < groups; group += 2) {
      const int pair = groups - group < 2 ? 1 : 2;
      const size_t position = POSITION(pair * HOLSTREAM_TILE * count);
      if (compact) transform_weights(packed + (size_t)group * inputs * 9 * HOLSTREAM_TILE, inputs, pair, kernel, own);
      for (int k = 0; k < 36; k++) {
        const float *u = compact ? own + k * kernel : packed + ((size_t)k * groups + group) * inputs * HOLSTREAM_TILE;
        const size_t next = compact ? 36 * kernel : (size_t)inputs * HOLSTREAM_TILE;
        const float *from = v + k * input;
        float *to = product + k * position;
        int t = 0;
        for (; t + 2 <= count; t += 2)
          for (int n = 0; n < pair; n++)
            multiply(1, 2, u + n * next, 0, from + 16 * t, row, inputs, to + 16 * t + n * HOLSTREAM_TILE * row, row);
        if (t == count) continue;
        // With one vector of tiles, two groups of outputs together keep the multipliers busy.
        if (pair == 2) multiply(2, 1, u, next, from + 16 * t, row, inputs, to + 16 * t, row);
        else multiply(1, 1, u, 0, from + 16 * t, row, inputs, to + 16 * t, row);
      }
      for (int o = group * HOLSTREAM_TILE; o < outputs && o < (group + pair) * HOLSTREAM_TILE; o++) {
        const float c = bias ? bias[o] : 0;
        const size_t plane = (size_t)o * g->stride;
        for (int t = 0; t < count; t++) {
          const float *from = product + (size_t)(o - group * HOLSTREAM_TILE) * row + 16 * t;
          const float *plus = add ? add + plane : 0;
          if (m == 4) output_tile(from, position, 4, 0, 0, c, plus, y + plane);
          else output_tile(from, position, m, 4 * ((t0 + t) / across), 4 * ((t0 + t) % across), c, plus, y + plane);
        }
      }
    }
  }
}

// rows[k] lane l becomes rows[l] lane k: four rounds of a perfect shuffle.
INLINE void transpose(v16 rows[16]) {
#pragma clang loop unroll(full)
  for (int round = 0; round < 4; round++) {
    v16 next[16];
#pragma clang loop unroll(full)
    for (int k = 0; k < 8; k++) {
      next[2 * k] =
          __builtin_shufflevector(rows[k], rows[k + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      next[2 * k + 1] = __builtin_shufflevector(rows[k], rows[k + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14,
                                                30, 15, 31);
    }
#pragma clang loop unroll(full)
    for (int k = 0; k < 16; k++) rows[k] = next[k];
  }
}

// A yᵗ Aᵀ of the tile at (i0, j0) of every block.
INLINE void adjoint_tile(const float *plane, size_t site, int m, int i0, int j0, v16 u[36]) {
  v16 half[24];
#pragma clang loop unroll(full)
  for (int b = 0; b < 4; b++) {
    v16 column[4];
#pragma clang loop unroll(full)
    for (int a = 0; a < 4; a++) column[a] = LOAD(plane + site * (size_t)((i0 + a) * m + j0 + b));
    output_adjoint(column, 1, half + b, 4);
  }
#pragma clang loop unroll(full)
  for (int a = 0; a < 6; a++) output_adjoint(half + 4 * a, 1, u + 6 * a, 1);
}

// rows (36, channels padded to 8, tiles, 16); adjoint: that of the output transform in place of the input's.
INLINE void transform_rows(const int adjoint, const holstream_planes *g, const float *x, int channels, float *rows) {
  const int m = g->edge, tiles = TILES(m), padded = (channels + 7) / 8 * 8;
  const size_t position = POSITION(padded * tiles);
  for (int c = 0; c < padded; c++)
    for (int t = 0, i0 = 0; i0 < m; i0 += 4)
      for (int j0 = 0; j0 < m; j0 += 4, t++) {
        v16 u[36];
        const float *plane = x + (size_t)c * g->stride;
        if (c >= channels) memset(u, 0, sizeof u);
        else if (adjoint) adjoint_tile(plane, 16, m, i0, j0, u);
        else transform_any_tile(plane, m, i0, j0, u);
        float *to = rows + 16 * ((size_t)c * tiles + t);
#pragma clang loop unroll(full)
        for (int k = 0; k < 36; k++) STORE(to + k * position, u[k]);
      }
}

// columns (36, tiles, 16, channels padded to 16): channels along the vectors. The planes are turned first, into
// `turned` (sites of a block, 16 lanes, channels padded to 16), which takes fewer shuffles than turning the result.
INLINE void transform_columns(const int adjoint, const holstream_planes *g, const float *x, int channels,
                              float *turned, float *columns) {
  const int m = g->edge, tiles = TILES(m), padded = (channels + 15) / 16 * 16;
  const size_t position = POSITION(tiles * padded);
  for (int c0 = 0; c0 < padded; c0 += 16)
    for (int s = 0; s < m * m; s++) {
      v16 block[16];
#pragma clang loop unroll(full)
      for (int c = 0; c < 16; c++)
        block[c] = c0 + c < channels ? LOAD(x + (size_t)(c0 + c) * g->stride + 16 * s) : SPLAT(0);
      transpose(block);
#pragma clang loop unroll(full)
      for (int lane = 0; lane < 16; lane++) STORE(turned + (size_t)(16 * s + lane) * padded + c0, block[lane]);
    }
  for (int t = 0, i0 = 0; i0 < m; i0 += 4)
    for (int j0 = 0; j0 < m; j0 += 4, t++)
      for (int lane = 0; lane < 16; lane++) {
        // Site (i, j) of the lane's block lies at row[i] + column[j]; beyond an edge, in the block beside.
        size_t row[6], column[6];
        for (int a = 0; a < 6; a++) {
          const int i = i0 + a - 1, j = j0 + a - 1;
          const int across = i < 0 ? lane / 4 + 3 : i >= m ? lane / 4 + 1 : lane / 4;
          const int along = j < 0 ? lane % 4 + 3 : j >= m ? lane % 4 + 1 : lane % 4;
          row[a] = (size_t)(16 * m * ((i + m) % m) + 4 * (across % 4)) * padded;
          column[a] = (size_t)(16 * ((j + m) % m) + along % 4) * padded;
        }
        float *to = columns + (size_t)(16 * t + lane) * padded;
        for (int c = 0; c < padded; c += 16) {
          v16 u[36];
          if (adjoint) {
            adjoint_tile(turned + (size_t)lane * padded + c, 16 * (size_t)padded, m, i0, j0, u);
          } else {
            v16 half[36];
#pragma clang loop unroll(full)
            for (int b = 0; b < 6; b++) {
              v16 d[6];
#pragma clang loop unroll(full)
              for (int a = 0; a < 6; a++) d[a] = LOAD(turned + row[a] + column[b] + c);
              input_transform(d, 1, half + b, 6);
            }
#pragma clang loop unroll(full)
            for (int a = 0; a < 6; a++) input_transform(half + 6 * a, 1, u + 6 * a, 1);
          }
#pragma clang loop unroll(full)
          for (int k = 0; k < 36; k++) STORE(to + k * position + c, u[k]);
        }
      }
}

// sums (8, V vectors) += rows (8, count) columns (count, V vectors).
INLINE void accumulate(const int V, const float *rows, const float *columns, size_t padded, int count, float *sums) {
  v16 acc[8][2];
#pragma clang loop unroll(full)
  for (int r = 0; r < 8; r++)
#pragma clang loop unroll(full)
    for (int k = 0; k < V; k++) acc[r][k] = LOAD(sums + r * padded + 16 * k);
#pragma clang loop unroll_count(2)
  for (int l = 0; l < count; l++) {
    v16 b[2];
#pragma clang loop unroll(full)
    for (int k = 0; k < V; k++) b[k] = LOAD(columns + l * padded + 16 * k);
#pragma clang loop unroll(full)
    for (int r = 0; r < 8; r++) {
      const v16 a = SPLAT(rows[(size_t)r * count + l]);
#pragma clang loop unroll(full)
      for (int k = 0; k < V; k++) acc[r][k] += a * b[k];
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < 8; r++)
#pragma clang loop unroll(full)
    for (int k = 0; k < V; k++) STORE(sums + r * padded + 16 * k, acc[r][k]);
}

// The side with at least as many channels lies along the vectors.
#define INPUTS_IN_ROWS(inputs, outputs) ((inputs) < (outputs))

HOLSTREAM_WIDE
void holstream_winograd_weights(const holstream_planes *g, const float *x, int inputs, const float *dy, int outputs,
                                float *sums, float *scratch) {
  const int swap = INPUTS_IN_ROWS(inputs, outputs), tiles = TILES(g->edge), count = 16 * tiles;
  const int rows = ((swap ? inputs : outputs) + 7) / 8 * 8, padded = ((swap ? outputs : inputs) + 15) / 16 * 16;
  const size_t row = POSITION(rows * tiles), column = POSITION(tiles * padded);
  float *left = scratch, *right = left + 36 * row, *turned = right + 36 * column;
  if (swap) {
    transform_rows(0, g, x, inputs, left);
    transform_columns(1, g, dy, outputs, turned, right);
  } else {
    transform_rows(1, g, dy, outputs, left);
    transform_columns(0, g, x, inputs, turned, right);
  }
  for (int k = 0; k < 36; k++)
    for (int c = 0; c < padded; c += 32)
      for (int r = 0; r < rows; r += 8) {
        const float *a = left + k * row + (size_t)r * count, *b = right + k * column + c;
        float *to = sums + ((size_t)k * rows + r) * padded + c;
        if (padded - c >= 32) accumulate(2, a, b, padded, count, to);
        else accumulate(1, a, b, padded, count, to);
      }
}

HOLSTREAM_WIDE
void holstream_winograd_finish(const float *sums, int inputs, int outputs, float *dw) {
  const int swap = INPUTS_IN_ROWS(inputs, outputs);
  const int lines = swap ? inputs : outputs, columns = swap ? outputs : inputs;
  const int rows = (lines + 7) / 8 * 8, padded = (columns + 15) / 16 * 16;
  const size_t position = (size_t)rows * padded;
  for (int r = 0; r < lines; r++)
    for (int c0 = 0; c0 < columns; c0 += 16) {
      v16 u[36], half[18], taps[9];
      for (int k = 0; k < 36; k++) u[k] = LOAD(sums + k * position + (size_t)r * padded + c0);
#pragma clang loop unroll(full)
      for (int d = 0; d < 6; d++) weight_adjoint(u + d, 6, half + d, 6);
#pragma clang loop unroll(full)
      for (int b = 0; b < 3; b++) weight_adjoint(half + 6 * b, 1, taps + 3 * b, 1);
      for (int c = c0; c < columns && c < c0 + 16; c++) {
        float *to = dw + ((size_t)(swap ? c : r) * inputs + (swap ? r : c)) * 9;
        for (int k = 0; k < 9; k++) to[k] += taps[k][c - c0];
      }
    }
}
