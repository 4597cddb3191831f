#pragma once
#include "clones.h"
#include "learning_kernels.h"
#include "learning_vector.h"

#pragma clang fp contract(fast)

// The circular 3 × 3 convolution as 36 products of matrices: Winograd's F(4 × 4, 3 × 3).
//
// A tile of 4 × 4 outputs needs 6 × 6 inputs d. With y = Aᵀ [(G w Gᵀ) ∘ (Bᵀ d B)] A it takes 36 multiplications
// instead of 144. The transforms evaluate polynomials at 0, ±a, ±b and infinity; a = √½ and b = √2 keep the rounding
// error within about twice that of the direct sum, where the usual 1 and 2 lose a digit (docs/learning-engine.md). Every lane
// of a vector is a tile of its own, so that nothing is shuffled but at the edges of the lanes' blocks.
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
