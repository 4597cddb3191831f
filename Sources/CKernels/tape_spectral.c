#include "clones.h"
#include "learning_vector.h"
#include "tape_kernels.h"

#pragma clang fp contract(fast)

HOLSTREAM_WIDE(void, holstream_tape_spectral_mix, (const float *restrict x, const float *restrict w, float *restrict y, size_t modes, size_t inputs, size_t outputs), (x, w, y, modes, inputs, outputs)) {
  const size_t n = outputs;
  for (size_t m = 0; m < modes; m++, x += 2 * inputs, y += 2 * n) {
    float *restrict re = y, *restrict im = y + n;
    for (size_t o = 0; o < 2 * n; o++) y[o] = 0;
    const float *restrict wr = w, *restrict wi = w + inputs * n;
    for (size_t i = 0; i < inputs; i++, wr += n, wi += n) {
      const float a = x[i], b = x[inputs + i];
      for (size_t o = 0; o < n; o++) {
        re[o] += a * wr[o] - b * wi[o];
        im[o] += a * wi[o] + b * wr[o];
      }
    }
    w += 2 * inputs * n;
  }
}

INLINE float dot(const float *x, const float *y, size_t n) {
  v16 part = SPLAT(0);
  size_t j = 0;
  for (; j + 16 <= n; j += 16) part += LOAD(x + j) * LOAD(y + j);
  float all = sum(&part);
  for (; j < n; j++) all += x[j] * y[j];
  return all;
}

HOLSTREAM_WIDE(void, holstream_tape_spectral_inputs, (const float *restrict dy, const float *restrict w, float *restrict dx, size_t modes, size_t inputs, size_t outputs), (dy, w, dx, modes, inputs, outputs)) {
  const size_t n = outputs;
  for (size_t m = 0; m < modes; m++, dx += 2 * inputs, dy += 2 * n) {
    const float *re = dy, *im = dy + n, *wr = w, *wi = w + inputs * n;
    for (size_t i = 0; i < inputs; i++, wr += n, wi += n) {
      dx[i] = dot(wr, re, n) + dot(wi, im, n);
      dx[inputs + i] = dot(wr, im, n) - dot(wi, re, n);
    }
    w += 2 * inputs * n;
  }
}

HOLSTREAM_WIDE(void, holstream_tape_spectral_weights, (const float *restrict x, const float *restrict dy, float *restrict dw, size_t modes, size_t inputs, size_t outputs), (x, dy, dw, modes, inputs, outputs)) {
  const size_t n = outputs;
  for (size_t m = 0; m < modes; m++, x += 2 * inputs, dy += 2 * n) {
    const float *restrict re = dy, *restrict im = dy + n;
    float *restrict wr = dw, *restrict wi = dw + inputs * n;
    for (size_t i = 0; i < inputs; i++, wr += n, wi += n) {
      const float a = x[i], b = x[inputs + i];
      for (size_t o = 0; o < n; o++) {
        wr[o] += a * re[o] + b * im[o];
        wi[o] += a * im[o] - b * re[o];
      }
    }
    dw += 2 * inputs * n;
  }
}
