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

// Rows of G: powers 0 to 2 of the points, divided by the products of their distances.
static const double kWeights[6][3] = {
    {1, 0, 0},
    {-2.0 / 3, -2.0 / 3 * 0.70710678118654752440, -1.0 / 3},
    {-2.0 / 3, 2.0 / 3 * 0.70710678118654752440, -1.0 / 3},
    {1.0 / 6, 1.0 / 6 * 1.41421356237309504880, 1.0 / 3},
    {1.0 / 6, -1.0 / 6 * 1.41421356237309504880, 1.0 / 3},
    {0, 0, 1},
};

// u = G w Gᵀ.
static void weight_transform(const float *w, int flip, float u[36]) {
  double rows[6][3];
  for (int a = 0; a < 6; a++)
    for (int c = 0; c < 3; c++) {
      rows[a][c] = 0;
      for (int b = 0; b < 3; b++) rows[a][c] += kWeights[a][b] * w[flip ? 8 - (3 * b + c) : 3 * b + c];
    }
  for (int a = 0; a < 6; a++)
    for (int d = 0; d < 6; d++) {
      double sum = 0;
      for (int c = 0; c < 3; c++) sum += rows[a][c] * kWeights[d][c];
      u[6 * a + d] = (float)sum;
    }
}

static void pack(const float *w, int outputs, int inputs, int adjoint, float *packed) {
  const int rows = adjoint ? inputs : outputs, columns = adjoint ? outputs : inputs;
  const int groups = (rows + HOLSTREAM_TILE - 1) / HOLSTREAM_TILE;
  const size_t position = (size_t)groups * columns * HOLSTREAM_TILE;
  for (int r = 0; r < groups * HOLSTREAM_TILE; r++)
    for (int c = 0; c < columns; c++) {
      float u[36] = {0};
      if (r < rows) weight_transform(w + ((size_t)(adjoint ? c : r) * inputs + (adjoint ? r : c)) * 9, adjoint, u);
      float *to = packed + ((size_t)(r / HOLSTREAM_TILE) * columns + c) * HOLSTREAM_TILE + r % HOLSTREAM_TILE;
      for (int k = 0; k < 36; k++) to[k * position] = u[k];
    }
}

void holstream_winograd_pack(const float *w, int outputs, int inputs, float *packed) {
  pack(w, outputs, inputs, 0, packed);
}

void holstream_winograd_pack_adjoint(const float *w, int outputs, int inputs, float *packed) {
  pack(w, outputs, inputs, 1, packed);
}

// The vector of sites (i, j) of every lane's block, where i and j may be one step outside of it: then the lane beside
// holds the site. Lanes lie 4 × 4.
INLINE void fetch(const float *plane, int m, int i, int j, v16 *out) {
  const int row = i < 0 ? m - 1 : i >= m ? 0 : i, column = j < 0 ? m - 1 : j >= m ? 0 : j;
  v16 x = LOAD(plane + 16 * (row * m + column));
  if (i < 0) x = __builtin_shufflevector(x, x, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
  if (i >= m) x = __builtin_shufflevector(x, x, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3);
  if (j < 0) x = __builtin_shufflevector(x, x, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14);
  if (j >= m) x = __builtin_shufflevector(x, x, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12);
  *out = x;
}

// v = Bᵀ d B of the tile whose first output is (i0, j0) of every block.
INLINE void transform_tile(const float *plane, const int m, const int i0, const int j0, v16 v[36]) {
  v16 half[36];
#pragma clang loop unroll(full)
  for (int b = 0; b < 6; b++) {
    v16 d[6];
#pragma clang loop unroll(full)
    for (int a = 0; a < 6; a++) fetch(plane, m, i0 + a - 1, j0 + b - 1, &d[a]);
    input_transform(d, 1, half + b, 6);
  }
#pragma clang loop unroll(full)
  for (int a = 0; a < 6; a++) input_transform(half + 6 * a, 1, v + 6 * a, 1);
}

// The tiles of a block, one after the other; with m = 4 there is one and all its edges are known in advance.
#define TILES(m) ((m) / 4 * ((m) / 4))

// v (36, channels, tiles, 16).
INLINE void transform_planes(const holstream_planes *g, const float *x, int channels, float *v) {
  const int m = g->edge, tiles = TILES(m);
  const size_t position = 16 * (size_t)channels * tiles;
  for (int c = 0; c < channels; c++)
    for (int t = 0; t < tiles; t++) {
      v16 u[36];
      const float *plane = x + (size_t)c * g->stride;
      if (m == 4) transform_tile(plane, 4, 0, 0, u);
      else transform_tile(plane, m, 4 * (t / (m / 4)), 4 * (t % (m / 4)), u);
      float *to = v + 16 * ((size_t)c * tiles + t);
      for (int k = 0; k < 36; k++) STORE(to + k * position, u[k]);
    }
}

// product (8, V vectors) = u (inputs, 8)ᵀ v (inputs, V vectors).
INLINE void multiply(const int V, const float *u, const float *v, size_t row, int inputs, float *product, size_t out) {
  v16 acc[8][3];
#pragma clang loop unroll(full)
  for (int o = 0; o < 8; o++)
#pragma clang loop unroll(full)
    for (int k = 0; k < V; k++) acc[o][k] = SPLAT(0);
#pragma clang loop unroll_count(2)
  for (int i = 0; i < inputs; i++) {
    v16 b[3];
#pragma clang loop unroll(full)
    for (int k = 0; k < V; k++) b[k] = LOAD(v + i * row + 16 * k);
#pragma clang loop unroll(full)
    for (int o = 0; o < 8; o++) {
      const v16 a = SPLAT(u[8 * i + o]);
#pragma clang loop unroll(full)
      for (int k = 0; k < V; k++) acc[o][k] += a * b[k];
    }
  }
#pragma clang loop unroll(full)
  for (int o = 0; o < 8; o++)
#pragma clang loop unroll(full)
    for (int k = 0; k < V; k++) STORE(product + o * out + 16 * k, acc[o][k]);
}

HOLSTREAM_WIDE
void holstream_winograd_convolve(const holstream_planes *g, const float *x, int inputs, const float *packed,
                                 const float *bias, const float *add, float *y, int outputs, float *scratch) {
  const int m = g->edge, tiles = TILES(m);
  const int groups = (outputs + HOLSTREAM_TILE - 1) / HOLSTREAM_TILE;
  const size_t row = 16 * (size_t)tiles;
  float *v = scratch, *product = scratch + 36 * inputs * row;
  transform_planes(g, x, inputs, v);
  for (int group = 0; group < groups; group++) {
    for (int k = 0; k < 36; k++) {
      const float *u = packed + ((size_t)k * groups + group) * inputs * HOLSTREAM_TILE;
      const float *from = v + k * inputs * row;
      float *to = product + k * HOLSTREAM_TILE * row;
      int t = 0;
      if (tiles == 1) multiply(1, u, from, row, inputs, to, row);
      else
        for (; t + 2 <= tiles; t += 2) multiply(2, u, from + 16 * t, row, inputs, to + 16 * t, row);
      if (tiles > 1 && t < tiles) multiply(1, u, from + 16 * t, row, inputs, to + 16 * t, row);
    }
    for (int o = group * HOLSTREAM_TILE; o < outputs && o < (group + 1) * HOLSTREAM_TILE; o++)
      for (int t = 0; t < tiles; t++) {
        const float *from = product + (o % HOLSTREAM_TILE) * row + 16 * t;
        v16 half[24];
#pragma clang loop unroll(full)
        for (int b = 0; b < 6; b++) {
          v16 column[6];
#pragma clang loop unroll(full)
          for (int a = 0; a < 6; a++) column[a] = LOAD(from + (6 * a + b) * HOLSTREAM_TILE * row);
          output_transform(column, 1, half + b, 6);
        }
        const float c = bias ? bias[o] : 0;
        const size_t corner = 16 * ((size_t)(4 * (t / (m / 4))) * m + 4 * (t % (m / 4))) + (size_t)o * g->stride;
#pragma clang loop unroll(full)
        for (int a = 0; a < 4; a++) {
          v16 out[4];
          output_transform(half + 6 * a, 1, out, 1);
#pragma clang loop unroll(full)
          for (int b = 0; b < 4; b++) {
            const size_t at = corner + 16 * (size_t)(a * m + b);
            STORE(y + at, add ? out[b] + c + LOAD(add + at) : out[b] + c);
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

// Which transform a plane goes through: 0 that of inputs, 1 the adjoint of that of outputs.
INLINE void transform_either(const int adjoint, const float *plane, int m, int t, v16 u[36]) {
  const int i0 = 4 * (t / (m / 4)), j0 = 4 * (t % (m / 4));
  if (!adjoint) {
    if (m == 4) transform_tile(plane, 4, 0, 0, u);
    else transform_tile(plane, m, i0, j0, u);
    return;
  }
  v16 half[24];
#pragma clang loop unroll(full)
  for (int b = 0; b < 4; b++) {
    v16 column[4];
#pragma clang loop unroll(full)
    for (int a = 0; a < 4; a++) column[a] = LOAD(plane + 16 * (size_t)((i0 + a) * m + j0 + b));
    output_adjoint(column, 1, half + b, 4);
  }
#pragma clang loop unroll(full)
  for (int a = 0; a < 6; a++) output_adjoint(half + 4 * a, 1, u + 6 * a, 1);
}

// rows (36, channels padded to 8, tiles, 16).
INLINE void transform_rows(const int adjoint, const holstream_planes *g, const float *x, int channels, float *rows) {
  const int tiles = TILES(g->edge), padded = (channels + 7) / 8 * 8;
  const size_t position = 16 * (size_t)padded * tiles;
  for (int c = 0; c < padded; c++)
    for (int t = 0; t < tiles; t++) {
      v16 u[36];
      if (c < channels) transform_either(adjoint, x + (size_t)c * g->stride, g->edge, t, u);
      else memset(u, 0, sizeof u);
      for (int k = 0; k < 36; k++) STORE(rows + k * position + 16 * ((size_t)c * tiles + t), u[k]);
    }
}

// columns (36, tiles, 16, channels padded to 16).
INLINE void transform_columns(const int adjoint, const holstream_planes *g, const float *x, int channels,
                              float *columns) {
  const int tiles = TILES(g->edge), padded = (channels + 15) / 16 * 16;
  const size_t position = 16 * (size_t)padded * tiles;
  for (int c0 = 0; c0 < channels; c0 += 16)
    for (int t = 0; t < tiles; t++) {
      v16 block[16][36];
      for (int c = 0; c < 16; c++)
        if (c0 + c < channels) transform_either(adjoint, x + (size_t)(c0 + c) * g->stride, g->edge, t, block[c]);
        else memset(block[c], 0, sizeof block[c]);
      for (int k = 0; k < 36; k++) {
        v16 turned[16];
#pragma clang loop unroll(full)
        for (int c = 0; c < 16; c++) turned[c] = block[c][k];
        transpose(turned);
        float *to = columns + k * position + (size_t)t * 16 * padded + c0;
#pragma clang loop unroll(full)
        for (int lane = 0; lane < 16; lane++) STORE(to + (size_t)lane * padded, turned[lane]);
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
  const int swap = INPUTS_IN_ROWS(inputs, outputs);
  const int rows = ((swap ? inputs : outputs) + 7) / 8 * 8, padded = ((swap ? outputs : inputs) + 15) / 16 * 16;
  const int count = 16 * TILES(g->edge);
  float *left = scratch, *right = scratch + 36 * (size_t)rows * count;
  if (swap) {
    transform_rows(0, g, x, inputs, left);
    transform_columns(1, g, dy, outputs, right);
  } else {
    transform_rows(1, g, dy, outputs, left);
    transform_columns(0, g, x, inputs, right);
  }
  for (int k = 0; k < 36; k++)
    for (int c = 0; c < padded; c += 32)
      for (int r = 0; r < rows; r += 8) {
        const float *a = left + ((size_t)k * rows + r) * count, *b = right + (size_t)k * count * padded + c;
        float *to = sums + ((size_t)k * rows + r) * padded + c;
        if (padded - c >= 32) accumulate(2, a, b, padded, count, to);
        else accumulate(1, a, b, padded, count, to);
      }
}

void holstream_winograd_finish(const float *sums, int inputs, int outputs, float *dw) {
  const int swap = INPUTS_IN_ROWS(inputs, outputs);
  const int rows = ((swap ? inputs : outputs) + 7) / 8 * 8, padded = ((swap ? outputs : inputs) + 15) / 16 * 16;
  const size_t position = (size_t)rows * padded;
  for (int o = 0; o < outputs; o++)
    for (int i = 0; i < inputs; i++) {
      const float *from = sums + (swap ? (size_t)i * padded + o : (size_t)o * padded + i);
      double half[3][6];
      for (int b = 0; b < 3; b++)
        for (int d = 0; d < 6; d++) {
          half[b][d] = 0;
          for (int a = 0; a < 6; a++) half[b][d] += kWeights[a][b] * from[(6 * a + d) * position];
        }
      for (int b = 0; b < 3; b++)
        for (int c = 0; c < 3; c++) {
          double sum = 0;
          for (int d = 0; d < 6; d++) sum += half[b][d] * kWeights[d][c];
          dw[((size_t)o * inputs + i) * 9 + 3 * b + c] += (float)sum;
        }
    }
}
