#include "learning_winograd.h"

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

HOLSTREAM_WIDE(void, holstream_winograd_pack,
               (const float *w, int outputs, int inputs, float *packed),
               (w, outputs, inputs, packed)) {
  pack(w, outputs, 9 * (size_t)inputs, inputs, 9, 0, packed);
}

HOLSTREAM_WIDE(void, holstream_winograd_pack_adjoint,
               (const float *w, int outputs, int inputs, float *packed),
               (w, outputs, inputs, packed)) {
  pack(w, inputs, 9, outputs, 9 * (size_t)inputs, 1, packed);
}

HOLSTREAM_WIDE(void, holstream_winograd_transform,
               (const holstream_planes *g, const float *x, int inputs, int begin, int end, int first, int count,
                float *v),
               (g, x, inputs, begin, end, first, count, v)) {
  const int m = g->edge, across = m / 4;
  const size_t position = POSITION(inputs * count);
  for (int c = begin; c < end; c++)
    for (int t = 0; t < count; t++) {
      v16 u[36];
      transform_any_tile(x + (size_t)c * g->stride, m, 4 * ((first + t) / across), 4 * ((first + t) % across), u);
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

HOLSTREAM_WIDE(void, holstream_winograd_multiply,
               (const holstream_planes *g, const float *v, int inputs, const float *packed, int compact,
                const float *bias, const float *add, float *y, int outputs, int begin, int end, int first, int count,
                float *scratch),
               (g, v, inputs, packed, compact, bias, add, y, outputs, begin, end, first, count, scratch)) {
  const int m = g->edge, across = m / 4, groups = (outputs + HOLSTREAM_TILE - 1) / HOLSTREAM_TILE;
  const size_t kernel = (size_t)inputs * HOLSTREAM_TILE + 16;
  const size_t row = 16 * (size_t)count, input = POSITION(inputs * count);
  float *product = scratch, *own = product + 36 * POSITION(2 * HOLSTREAM_TILE * count);
  for (int group = 2 * begin; group < groups && group < 2 * end; group += 2) {
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
        else output_tile(from, position, m, 4 * ((first + t) / across), 4 * ((first + t) % across), c, plus, y + plane);
      }
    }
  }
}

void holstream_winograd_convolve(const holstream_planes *g, const float *x, int inputs, const float *packed,
                                 int compact, const float *bias, const float *add, float *y, int outputs,
                                 float *scratch) {
  const int chunk = holstream_winograd_chunk(g, inputs, compact), tiles = g->blocks / 16;
  float *own = scratch + holstream_winograd_planes_count(g, inputs, compact);
  for (int first = 0; first < tiles; first += chunk) {
    const int count = tiles - first < chunk ? tiles - first : chunk;
    holstream_winograd_transform(g, x, inputs, 0, inputs, first, count, scratch);
    holstream_winograd_multiply(g, scratch, inputs, packed, compact, bias, add, y, outputs, 0,
                                HOLSTREAM_PAIRS(outputs), first, count, own);
  }
}
