#include "clones.h"
#include "learning_vector.h"
#include "tape_kernels.h"

#pragma clang fp contract(fast)

HOLSTREAM_WIDE(void, holstream_tape_add, (const float *x, const float *y, float factor, float *restrict z, size_t rows, size_t period), (x, y, factor, z, rows, period)) {
  if (period == 1) {
    for (size_t k = 0; k < rows; k++) z[k] = x[k] + factor * y[0];
    return;
  }
  for (size_t r = 0; r < rows; r++, x += period, z += period)
    for (size_t j = 0; j < period; j++) z[j] = x[j] + factor * y[j];
}

HOLSTREAM_WIDE(void, holstream_tape_multiply, (const float *x, const float *y, float *restrict z, size_t rows, size_t period), (x, y, z, rows, period)) {
  if (period == 1) {
    for (size_t k = 0; k < rows; k++) z[k] = x[k] * y[0];
    return;
  }
  for (size_t r = 0; r < rows; r++, x += period, z += period)
    for (size_t j = 0; j < period; j++) z[j] = x[j] * y[j];
}

HOLSTREAM_WIDE(void, holstream_tape_affine, (const float *restrict x, float scale, float shift, float *restrict z, size_t count), (x, scale, shift, z, count)) {
  for (size_t k = 0; k < count; k++) z[k] = scale * x[k] + shift;
}

HOLSTREAM_WIDE(void, holstream_tape_accumulate, (float factor, const float *restrict x, float *restrict y, size_t count), (factor, x, y, count)) {
  for (size_t k = 0; k < count; k++) y[k] += factor * x[k];
}

HOLSTREAM_WIDE(void, holstream_tape_accumulate_product, (const float *restrict x, const float *restrict y, float *restrict z, size_t rows, size_t period), (x, y, z, rows, period)) {
  if (period == 1) {
    for (size_t k = 0; k < rows; k++) z[k] += x[k] * y[0];
    return;
  }
  for (size_t r = 0; r < rows; r++, x += period, z += period)
    for (size_t j = 0; j < period; j++) z[j] += x[j] * y[j];
}

// Sums in single precision over at most this many terms a lane; their sums are added in double precision.
enum { kBlock = 64, kTile = 64 };

// The sum of x y, or of x where y is null.
INLINE double total(const float *x, const float *y, size_t count) {
  double all = 0;
  size_t k = 0;
  while (k + 16 <= count) {
    size_t end = k + 16 * kBlock;
    if (end > count) end = count;
    v16 part = SPLAT(0);
    for (; k + 16 <= end; k += 16) part += y ? LOAD(x + k) * LOAD(y + k) : LOAD(x + k);
    all += sum(&part);
  }
  for (; k < count; k++) all += y ? (double)x[k] * y[k] : x[k];
  return all;
}

// z[j] += factor * sum over rows of x[r][j] y[r][j], or of x[r][j] where y is null; rows are `stride` floats apart.
INLINE void rows_total(float factor, const float *x, const float *y, float *z, size_t rows, size_t period) {
  for (size_t j = 0; j < period; j += kTile) {
    const size_t width = period - j < kTile ? period - j : kTile;
    double all[kTile] = {0};
    for (size_t r = 0; r < rows; r += kBlock) {
      const size_t end = rows - r < kBlock ? rows : r + kBlock;
      float part[kTile] = {0};
      for (size_t q = r; q < end; q++)
        for (size_t i = 0; i < width; i++) {
          const size_t at = q * period + j + i;
          part[i] += y ? x[at] * y[at] : x[at];
        }
      for (size_t i = 0; i < width; i++) all[i] += part[i];
    }
    for (size_t i = 0; i < width; i++) z[j + i] += factor * (float)all[i];
  }
}

HOLSTREAM_WIDE(void, holstream_tape_accumulate_rows, (float factor, const float *x, float *y, size_t rows, size_t period), (factor, x, y, rows, period)) {
  if (period == 1)
    y[0] += factor * (float)total(x, 0, rows);
  else
    rows_total(factor, x, 0, y, rows, period);
}

HOLSTREAM_WIDE(void, holstream_tape_accumulate_product_rows, (const float *x, const float *y, float *z, size_t rows, size_t period), (x, y, z, rows, period)) {
  if (rows == 1)
    for (size_t j = 0; j < period; j++) z[j] += x[j] * y[j];
  else if (period == 1)
    z[0] += (float)total(x, y, rows);
  else
    rows_total(1, x, y, z, rows, period);
}

HOLSTREAM_WIDE(void, holstream_tape_reduce, (const float *x, float scale, float *y, size_t outer, size_t count, size_t inner, int32_t accumulate), (x, scale, y, outer, count, inner, accumulate)) {
  if (!accumulate)
    for (size_t k = 0; k < outer * inner; k++) y[k] = 0;
  for (size_t o = 0; o < outer; o++) {
    if (inner == 1)
      y[o] += scale * (float)total(x + o * count, 0, count);
    else
      rows_total(scale, x + o * count * inner, 0, y + o * inner, count, inner);
  }
}

HOLSTREAM_WIDE(void, holstream_tape_expand, (const float *restrict x, float scale, float *restrict y, size_t outer, size_t count, size_t inner, int32_t accumulate), (x, scale, y, outer, count, inner, accumulate)) {
  for (size_t o = 0; o < outer; o++) {
    const float *from = x + o * inner;
    if (inner == 1) {
      float *to = y + o * count;
      const float value = scale * from[0];
      if (accumulate)
        for (size_t k = 0; k < count; k++) to[k] += value;
      else
        for (size_t k = 0; k < count; k++) to[k] = value;
      continue;
    }
    for (size_t k = 0; k < count; k++) {
      float *to = y + (o * count + k) * inner;
      if (accumulate)
        for (size_t i = 0; i < inner; i++) to[i] += scale * from[i];
      else
        for (size_t i = 0; i < inner; i++) to[i] = scale * from[i];
    }
  }
}

HOLSTREAM_WIDE(double, holstream_tape_squared_error, (const float *x, const float *t, const float *w, size_t rows, size_t period), (x, t, w, rows, period)) {
  double all = 0;
  for (size_t r = 0; r < rows; r++) {
    size_t j = 0;
    while (j < period) {
      size_t end = j + 16 * kBlock;
      if (end > period) end = period;
      v16 part = SPLAT(0);
      for (; j + 16 <= end; j += 16) {
        const v16 d = LOAD(x + j) - LOAD(t + j);
        part += w ? d * d * LOAD(w + j) : d * d;
      }
      all += sum(&part);
      for (; j < end; j++) {
        const float d = x[j] - t[j];
        all += w ? d * d * w[j] : d * d;
      }
    }
    x += period;
    t += period;
  }
  return all;
}

HOLSTREAM_WIDE(void, holstream_tape_squared_error_backward, (const float *restrict x, const float *restrict t, const float *restrict w, float factor, float *restrict dx, size_t rows, size_t period), (x, t, w, factor, dx, rows, period)) {
  for (size_t r = 0; r < rows; r++, x += period, t += period, dx += period) {
    if (w)
      for (size_t j = 0; j < period; j++) dx[j] += factor * w[j] * (x[j] - t[j]);
    else
      for (size_t j = 0; j < period; j++) dx[j] += factor * (x[j] - t[j]);
  }
}

HOLSTREAM_WIDE(void, holstream_tape_squared_error_weights, (const float *x, const float *t, float factor, float *dw, size_t rows, size_t period), (x, t, factor, dw, rows, period)) {
  for (size_t r = 0; r < rows; r++, x += period, t += period)
    for (size_t j = 0; j < period; j++) dw[j] += factor * (x[j] - t[j]) * (x[j] - t[j]);
}
