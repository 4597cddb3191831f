#include "readout_kernels.h"

#include "clones.h"
#include "learning_vector.h"

#pragma clang fp contract(fast)

typedef double d8 __attribute__((vector_size(64), aligned(8)));
#define LOAD8(p) (*(const d8 *)(p))
#define STORE8(p, x) (*(d8 *)(p) = (x))
#define SPLAT8(x)                                                     \
  ({                                                                  \
    const double s_ = (x);                                            \
    (d8){s_, s_, s_, s_, s_, s_, s_, s_};                             \
  })

void holstream_products(const int32_t *parents, const int32_t *factors, const double *x, double *values, size_t inputs,
                        size_t count) {
  for (size_t k = 0; k < inputs; k++) values[k] = x[k];
  for (size_t k = inputs; k < count; k++) values[k] = values[parents[k]] * x[factors[k]];
}

// Eight rows at a time, so that a vector of g is loaded and stored once for them.
HOLSTREAM_WIDE(void, holstream_gram, (const double *restrict x, size_t rows, size_t columns, double *restrict g), (x, rows, columns, g)) {
  size_t r = 0;
  for (; r + 8 <= rows; r += 8) {
    const double *a = x + r * columns;
    for (size_t i = 0; i < columns; i++) {
      double *row = g + i * columns;
      size_t j = 0;
      for (; j + 8 <= columns && j <= i; j += 8) {
        d8 sum = LOAD8(row + j);
        for (size_t k = 0; k < 8; k++) sum += SPLAT8(a[k * columns + i]) * LOAD8(a + k * columns + j);
        STORE8(row + j, sum);
      }
      for (; j <= i; j++) {
        double sum = row[j];
        for (size_t k = 0; k < 8; k++) sum += a[k * columns + i] * a[k * columns + j];
        row[j] = sum;
      }
    }
  }
  for (; r < rows; r++) {
    const double *a = x + r * columns;
    for (size_t i = 0; i < columns; i++)
      for (size_t j = 0; j <= i; j++) g[i * columns + j] += a[i] * a[j];
  }
}

HOLSTREAM_WIDE(double, holstream_dot, (const double *restrict a, const double *restrict b, size_t count), (a, b, count)) {
  d8 s = SPLAT8(0), t = s;
  size_t k = 0;
  for (; k + 16 <= count; k += 16) {
    s += LOAD8(a + k) * LOAD8(b + k);
    t += LOAD8(a + k + 8) * LOAD8(b + k + 8);
  }
  s += t;
  double sum = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
  for (; k < count; k++) sum += a[k] * b[k];
  return sum;
}
