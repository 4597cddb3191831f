#include <string.h>
#include "learning_winograd.h"

// The gradient of the weights, dw = Gᵀ [sum over tiles of (A dy Aᵀ) ∘ (Bᵀ x B)] G: 36 products of matrices whose
// common axis is tiles, so that one side is turned to have its channels along the vectors.

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

// sums (8, V vectors) += rows (8, count) columns (count, V vectors); = if fresh.
INLINE void accumulate(const int V, int fresh, const float *rows, const float *columns, size_t padded, int count,
                       float *sums) {
  v16 acc[8][2];
#pragma clang loop unroll(full)
  for (int r = 0; r < 8; r++)
#pragma clang loop unroll(full)
    for (int k = 0; k < V; k++) acc[r][k] = fresh ? SPLAT(0) : LOAD(sums + r * padded + 16 * k);
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

HOLSTREAM_WIDE(void, holstream_winograd_weights,
               (const holstream_planes *g, const float *x, int inputs, const float *dy, int outputs, int fresh,
                float *sums, float *scratch),
               (g, x, inputs, dy, outputs, fresh, sums, scratch)) {
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
        if (padded - c >= 32) accumulate(2, fresh, a, b, padded, count, to);
        else accumulate(1, fresh, a, b, padded, count, to);
      }
}

// dw (16, 9) += the nine taps of sixteen filters, a filter a lane.
INLINE void add_filters(const v16 taps[9], float *dw) {
  v16 filters[16];
#pragma clang loop unroll(full)
  for (int k = 0; k < 16; k++) filters[k] = k < 9 ? taps[k] : SPLAT(0);
  transpose(filters);
  // Each covers what the one before has beyond its nine.
  float lines[16 * 9 + 7];
#pragma clang loop unroll(full)
  for (int c = 0; c < 16; c++) STORE(lines + 9 * c, filters[c]);
#pragma clang loop unroll(full)
  for (int k = 0; k < 9; k++) STORE(dw + 16 * k, LOAD(dw + 16 * k) + LOAD(lines + 16 * k));
}

// Of Gᵀ u, what rounds its products before they are summed. Which products are is said here: where all may be fused, it
// depends on how a compiler arranges the loop.
INLINE void rounded_middle(const v16 u[6], v16 *tap) {
#pragma clang fp contract(off)
  *tap = (1.0f / 6 * POINT_B) * (u[3] - u[4]) - (2.0f / 3 * POINT_A) * (u[1] - u[2]);
}

INLINE void rounded_adjoint(const v16 u[6], v16 taps[3]) {
  const v16 even_a = u[1] + u[2], even_b = u[3] + u[4];
  taps[0] = u[0] + ((1.0f / 6) * even_b - (2.0f / 3) * even_a);
  rounded_middle(u, taps + 1);
  {
#pragma clang fp contract(off)
    taps[2] = u[5] + (1.0f / 3) * (even_b - even_a);
  }
}

HOLSTREAM_WIDE(void, holstream_winograd_finish,
               (const float *sums, int inputs, int outputs, float *dw),
               (sums, inputs, outputs, dw)) {
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
      weight_adjoint(half + 12, 1, taps + 6, 1);
      rounded_adjoint(half, taps);
      rounded_adjoint(half + 6, taps + 3);
      rounded_middle(half + 12, taps + 7);
      if (!swap && c0 + 16 <= columns) {
        add_filters(taps, dw + ((size_t)r * inputs + c0) * 9);
        continue;
      }
      for (int c = c0; c < columns && c < c0 + 16; c++) {
        float *to = dw + ((size_t)(swap ? c : r) * inputs + (swap ? r : c)) * 9;
        for (int k = 0; k < 9; k++) to[k] += taps[k][c - c0];
      }
    }
}
