#include "clones.h"
#include "square_kernels.h"
#include <math.h>

// Eight sites at once, a lane each.
typedef double vector __attribute__((vector_size(64), aligned(8)));
typedef long mask __attribute__((vector_size(64), aligned(8)));
#define INLINE static inline __attribute__((always_inline))
#define WIDE(type, name, parameters, arguments) \
  HOLSTREAM_CLONES_WITH(__attribute__((min_vector_width(512))), type, name, parameters, arguments)

INLINE double root(double x) { return __builtin_sqrt(x); }

// Order of a window's sites: the centre, then row by row.
INLINE long place(long radius, long dy, long dx) {
  const long width = 2 * radius + 1, plain = (dy + radius) * width + dx + radius, centre = width * width / 2;
  return plain == centre ? 0 : plain < centre ? plain + 1 : plain;
}

// p += A v for the lower triangle of rows and columns from `start` on.
INLINE void multiply(long n, long start, const vector *restrict a, const vector *restrict v, vector *restrict p) {
  long i = start;
  for (; i + 1 < n; i += 2) {
    // Two rows abreast share the sums of the columns.
    const vector *r0 = a + i * (i + 1) / 2, *r1 = a + (i + 1) * (i + 2) / 2;
    const vector v0 = v[i], v1 = v[i + 1];
    vector s0 = {0}, s1 = {0}, t0 = {0}, t1 = {0};
    long j = start;
    for (; j + 1 < i; j += 2) {
      const vector x0 = r0[j], x1 = r1[j], y0 = r0[j + 1], y1 = r1[j + 1];
      s0 += x0 * v[j];
      s1 += x1 * v[j];
      t0 += y0 * v[j + 1];
      t1 += y1 * v[j + 1];
      p[j] += x0 * v0 + x1 * v1;
      p[j + 1] += y0 * v0 + y1 * v1;
    }
    for (; j < i; j++) {
      s0 += r0[j] * v[j];
      s1 += r1[j] * v[j];
      p[j] += r0[j] * v0 + r1[j] * v1;
    }
    p[i] += s0 + t0 + r0[i] * v0 + r1[i] * v1;
    p[i + 1] += s1 + t1 + r1[i] * v0 + r1[i + 1] * v1;
  }
  for (; i < n; i++) {
    const vector *row = a + i * (i + 1) / 2;
    vector s = {0};
    for (long j = start; j < i; j++) {
      s += row[j] * v[j];
      p[j] += row[j] * v[i];
    }
    p[i] += s + row[i] * v[i];
  }
}

// A ← A − v wᵀ − w vᵀ in the same triangle.
INLINE void update(long n, long start, vector *restrict a, const vector *restrict v, const vector *restrict w) {
  long i = start;
  for (; i + 1 < n; i += 2) {
    vector *r0 = a + i * (i + 1) / 2, *r1 = a + (i + 1) * (i + 2) / 2;
    const vector v0 = v[i], v1 = v[i + 1], w0 = w[i], w1 = w[i + 1];
    for (long j = start; j <= i; j++) {
      const vector vj = v[j], wj = w[j];
      r0[j] -= v0 * wj + w0 * vj;
      r1[j] -= v1 * wj + w1 * vj;
    }
    r1[i + 1] -= 2 * v1 * w1;
  }
  for (; i < n; i++) {
    vector *row = a + i * (i + 1) / 2;
    for (long j = start; j <= i; j++) row[j] -= v[i] * w[j] + w[i] * v[j];
  }
}

WIDE(void, holstream_window_tridiagonals,
     (long sites, long radius, double hopping, const double *onsite, const long *centres, double *diagonal,
      double *squares, double *workspace),
     (sites, radius, hopping, onsite, centres, diagonal, squares, workspace)) {
  const long n = holstream_window_size(radius), elements = n * (n + 1) / 2;
  vector *a = (vector *)workspace, *v = a + elements, *w = v + n, *p = w + n;
  vector *d = (vector *)diagonal, *b = (vector *)squares;
  const vector zero = {0};
  for (long k = 0; k < elements; k++) a[k] = zero;
  for (long dy = -radius; dy <= radius; dy++) {
    for (long dx = -radius; dx <= radius; dx++) {
      const long i = place(radius, dy, dx);
      vector value = zero;
      for (long lane = 0; lane < 8; lane++) {
        const long site = centres[lane];
        const long y = (site / sites + dy + sites) % sites, x = (site % sites + dx + sites) % sites;
        value[lane] = onsite[y * sites + x];
      }
      a[i * (i + 1) / 2 + i] = value;
      if (dx < radius) {
        const long j = place(radius, dy, dx + 1);
        a[i > j ? i * (i + 1) / 2 + j : j * (j + 1) / 2 + i] = zero - hopping;
      }
      if (dy < radius) {
        const long j = place(radius, dy + 1, dx);
        a[i > j ? i * (i + 1) / 2 + j : j * (j + 1) / 2 + i] = zero - hopping;
      }
    }
  }
  for (long k = 0; k + 1 < n; k++) {
    const long start = k + 1;
    vector sum = zero;
    for (long i = start; i < n; i++) {
      v[i] = a[i * (i + 1) / 2 + k];
      sum += v[i] * v[i];
    }
    d[k] = a[k * (k + 1) / 2 + k];
    b[k] = sum;
    if (start + 1 >= n) continue;
    // v − α e₁ with α of the sign that does not cancel; where there is nothing to reflect, β is 0.
    vector alpha, beta;
    for (long lane = 0; lane < 8; lane++) alpha[lane] = root(sum[lane]);
    const mask below = v[start] < zero;
    alpha = (vector)(((mask)alpha & below) | ((mask)(zero - alpha) & ~below));
    const vector head = sum - v[start] * alpha;
    const mask some = head > zero;
    beta = (vector)((mask)(1.0 / (vector)(((mask)head & some) | ((mask)(zero + 1.0) & ~some))) & some);
    v[start] -= alpha;
    for (long i = start; i < n; i++) p[i] = zero;
    multiply(n, start, a, v, p);
    vector product = zero;
    for (long i = start; i < n; i++) {
      p[i] *= beta;
      product += v[i] * p[i];
    }
    const vector half = 0.5 * beta * product;
    for (long i = start; i < n; i++) w[i] = p[i] - half * v[i];
    update(n, start, a, v, w);
  }
  d[n - 1] = a[elements - 1];
  b[n - 1] = zero;
}

// g = 1 / (a − μ − i y − b² g₊) upwards from the last row, and g' = dg/dμ = g² (1 + b² g'₊).
#define POLES 4
WIDE(void, holstream_window_density,
     (long n, const double *diagonal, const double *squares, double mu, long poles, const double *heights,
      const double *weights, double *density, double *slope),
     (n, diagonal, squares, mu, poles, heights, weights, density, slope)) {
  const vector *a = (const vector *)diagonal, *b = (const vector *)squares;
  const vector zero = {0};
  vector sum = zero, rise = zero;
  for (long first = 0; first < poles; first += POLES) {
    vector re[POLES], im[POLES], dre[POLES], dim[POLES];
    double y[POLES];
    for (int p = 0; p < POLES; p++) {
      re[p] = im[p] = dre[p] = dim[p] = zero;
      y[p] = heights[first + p < poles ? first + p : poles - 1];
    }
    for (long k = n - 1; k >= 0; k--) {
      const vector x = a[k] - mu, square = b[k];
#pragma clang loop unroll(full)
      for (int p = 0; p < POLES; p++) {
        const vector u = x - square * re[p], v = zero - y[p] - square * im[p];
        const vector inverse = 1.0 / (u * u + v * v);
        const vector gre = u * inverse, gim = (zero - v) * inverse;
        const vector hre = 1.0 + square * dre[p], him = square * dim[p];
        const vector sre = gre * gre - gim * gim, sim = 2.0 * gre * gim;
        dre[p] = sre * hre - sim * him;
        dim[p] = sre * him + sim * hre;
        re[p] = gre;
        im[p] = gim;
      }
    }
    for (int p = 0; p < POLES && first + p < poles; p++) {
      sum += weights[first + p] * re[p];
      rise += weights[first + p] * dre[p];
    }
  }
  *(vector *)density = 0.5 - sum;
  *(vector *)slope = zero - rise;
}
