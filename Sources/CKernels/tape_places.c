#include <string.h>

#include "clones.h"
#include "learning_vector.h"
#include "tape_kernels.h"

#pragma clang fp contract(fast)

HOLSTREAM_WIDE(void, holstream_tape_columns, (const float *restrict x, size_t x_stride, float *restrict y, size_t y_stride, size_t width, size_t rows, int32_t accumulate), (x, x_stride, y, y_stride, width, rows, accumulate)) {
  for (size_t r = 0; r < rows; r++, x += x_stride, y += y_stride) {
    if (accumulate)
      for (size_t j = 0; j < width; j++) y[j] += x[j];
    else
      memcpy(y, x, width * sizeof(float));
  }
}

HOLSTREAM_WIDE(void, holstream_tape_gather, (const float *restrict x, const int32_t *restrict table, const float *restrict weights, float *restrict y, size_t batch, size_t entries, size_t nodes, size_t channels, int32_t accumulate), (x, table, weights, y, batch, entries, nodes, channels, accumulate)) {
  for (size_t b = 0; b < batch; b++, x += nodes * channels)
    for (size_t e = 0; e < entries; e++, y += channels) {
      const float *from = x + (size_t)table[e] * channels;
      const float w = weights ? weights[e] : 1;
      if (accumulate)
        for (size_t c = 0; c < channels; c++) y[c] += w * from[c];
      else
        for (size_t c = 0; c < channels; c++) y[c] = w * from[c];
    }
}

HOLSTREAM_WIDE(void, holstream_tape_scatter, (const float *restrict x, const int32_t *restrict table, const float *restrict weights, float *restrict y, size_t batch, size_t entries, size_t nodes, size_t channels), (x, table, weights, y, batch, entries, nodes, channels)) {
  for (size_t b = 0; b < batch; b++, y += nodes * channels)
    for (size_t e = 0; e < entries; e++, x += channels) {
      float *to = y + (size_t)table[e] * channels;
      const float w = weights ? weights[e] : 1;
      for (size_t c = 0; c < channels; c++) to[c] += w * x[c];
    }
}

INLINE float row_sum(const float *x, const float *y, size_t n) {
  v16 part = SPLAT(0);
  size_t j = 0;
  for (; j + 16 <= n; j += 16) part += y ? LOAD(x + j) * LOAD(y + j) : LOAD(x + j);
  float all = sum(&part);
  for (; j < n; j++) all += y ? x[j] * y[j] : x[j];
  return all;
}

HOLSTREAM_WIDE(void, holstream_tape_normalise, (const float *restrict x, float epsilon, float *restrict y, float *restrict rstd, size_t rows, size_t n), (x, epsilon, y, rstd, rows, n)) {
  const float inverse = 1.0f / (float)n;
  for (size_t r = 0; r < rows; r++, x += n, y += n) {
    const float mean = row_sum(x, 0, n) * inverse;
    for (size_t j = 0; j < n; j++) y[j] = x[j] - mean;
    const float s = 1.0f / __builtin_sqrtf(row_sum(y, y, n) * inverse + epsilon);
    for (size_t j = 0; j < n; j++) y[j] *= s;
    rstd[r] = s;
  }
}

HOLSTREAM_WIDE(void, holstream_tape_normalise_backward, (const float *restrict dy, const float *restrict y, const float *restrict rstd, float *restrict dx, size_t rows, size_t n), (dy, y, rstd, dx, rows, n)) {
  const float inverse = 1.0f / (float)n;
  for (size_t r = 0; r < rows; r++, dy += n, y += n, dx += n) {
    const float first = row_sum(dy, 0, n) * inverse, second = row_sum(dy, y, n) * inverse, s = rstd[r];
    for (size_t j = 0; j < n; j++) dx[j] += s * (dy[j] - first - y[j] * second);
  }
}
