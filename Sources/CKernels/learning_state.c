#include <string.h>
#include "clones.h"
#include "learning_kernels.h"

#pragma clang fp contract(fast)

// Float of site (i, 0) in a plane, and of site (i, j) from there.
static inline __attribute__((always_inline)) int row_start(const holstream_planes *g, int i) {
  return g->edge ? 16 * (i % g->edge) * g->edge + i / g->edge * 4 : (i + 1) * g->width + 1;
}

// Calls BODY with j = 0 ... L - 1 and `at` the float of site (i, j).
#define FOR_ROW(BODY)                                                        \
  if (g->edge) {                                                             \
    for (int lane = 0, j = 0; lane < 4; lane++)                              \
      for (int c = 0; c < g->edge; c++, j++) {                               \
        const int at = start + 16 * c + lane;                                \
        BODY                                                                 \
      }                                                                      \
  } else {                                                                   \
    for (int j = 0; j < L; j++) {                                            \
      const int at = start + j;                                              \
      BODY                                                                   \
    }                                                                        \
  }

static inline __attribute__((always_inline)) int diagonal(const holstream_planes *g, int i) {
  return row_start(g, i) + (g->edge ? 16 * (i % g->edge) + i / g->edge : i);
}

HOLSTREAM_CLONES(void, holstream_embed,
                 (const holstream_planes *g, const float *state, const float *scale, float *planes),
                 (g, state, scale, planes)) {
  const int L = g->sites;
  const float s = scale[0], *q = state + 2 * (size_t)L * L, *p = q + L;
  float *re = planes, *im = re + g->stride, *qs = im + g->stride, *ps = qs + g->stride;
  memset(qs, 0, 2 * sizeof(float) * (size_t)g->stride);
  for (int i = 0; i < L; i++) {
    const float *row = state + 2 * (size_t)i * L;
    const int start = row_start(g, i);
    FOR_ROW({
      re[at] = row[2 * j] * s;
      im[at] = row[2 * j + 1] * s;
    })
    qs[diagonal(g, i)] = q[i] * scale[1];
    ps[diagonal(g, i)] = p[i] * scale[2];
  }
  holstream_fill_halo(g, planes, 4);
}

HOLSTREAM_CLONES(void, holstream_embed_backward,
                 (const holstream_planes *g, const float *dplanes, const float *scale, float *dstate),
                 (g, dplanes, scale, dstate)) {
  const int L = g->sites;
  const float s = scale[0];
  float *dq = dstate + 2 * (size_t)L * L, *dp = dq + L;
  const float *re = dplanes, *im = re + g->stride, *qs = im + g->stride, *ps = qs + g->stride;
  for (int i = 0; i < L; i++) {
    float *row = dstate + 2 * (size_t)i * L;
    const int start = row_start(g, i);
    FOR_ROW({
      row[2 * j] += re[at] * s;
      row[2 * j + 1] += im[at] * s;
    })
    dq[i] += qs[diagonal(g, i)] * scale[1];
    dp[i] += ps[diagonal(g, i)] * scale[2];
  }
}

HOLSTREAM_CLONES(void, holstream_extract,
                 (const holstream_planes *g, const float *planes, const float *scale, const float *add, float *out),
                 (g, planes, scale, add, out)) {
  const int L = g->sites;
  const size_t count = 2 * (size_t)L * L + 2 * (size_t)L;
  if (!add) memset(out, 0, count * sizeof(float));
  else if (add != out) memcpy(out, add, count * sizeof(float));
  holstream_embed_backward(g, planes, scale, out);
}

HOLSTREAM_CLONES(void, holstream_extract_backward,
                 (const holstream_planes *g, const float *dout, const float *scale, float *dplanes),
                 (g, dout, scale, dplanes)) {
  const int L = g->sites;
  const float s = scale[0], *dq = dout + 2 * (size_t)L * L, *dp = dq + L;
  memset(dplanes, 0, 4 * sizeof(float) * (size_t)g->stride);
  float *re = dplanes, *im = re + g->stride, *qs = im + g->stride, *ps = qs + g->stride;
  for (int i = 0; i < L; i++) {
    const float *row = dout + 2 * (size_t)i * L;
    const int start = row_start(g, i);
    FOR_ROW({
      re[at] = row[2 * j] * s;
      im[at] = row[2 * j + 1] * s;
    })
    qs[diagonal(g, i)] = dq[i] * scale[1];
    ps[diagonal(g, i)] = dp[i] * scale[2];
  }
}

HOLSTREAM_CLONES(void, holstream_squared_errors,
                 (int sites, const float *label, const float *value, double *sums),
                 (sites, label, value, sums)) {
  const int L = sites;
  for (int i = 0; i < L; i++) {
    const float *a = label + 2 * (size_t)i * L, *b = value + 2 * (size_t)i * L;
    float lane[16] = {0};
    int j = 0;
    for (; j + 16 <= 2 * L; j += 16)
      for (int k = 0; k < 16; k++) lane[k] += (a[j + k] - b[j + k]) * (a[j + k] - b[j + k]);
    double row = 0;
    for (int k = 0; k < 16; k++) row += lane[k];
    for (; j < 2 * L; j++) row += (a[j] - b[j]) * (a[j] - b[j]);
    const float re = a[2 * i] - b[2 * i], im = a[2 * i + 1] - b[2 * i + 1];
    const double diagonal = (double)re * re + (double)im * im;
    sums[0] += diagonal;
    // The diagonal was added to the row in single precision; what is left may round below zero.
    sums[1] += row > diagonal ? row - diagonal : 0;
  }
  const size_t q = 2 * (size_t)L * L;
  for (int i = 0; i < L; i++) {
    const double dq = label[q + i] - value[q + i], dp = label[q + L + i] - value[q + L + i];
    sums[2] += dq * dq;
    sums[3] += dp * dp;
  }
}

HOLSTREAM_CLONES(void, holstream_squared_errors_backward,
                 (int sites, const float *label, const float *value, const float *coefficient, float *gradient),
                 (sites, label, value, coefficient, gradient)) {
  const int L = sites;
  for (int i = 0; i < L; i++) {
    const size_t at = 2 * (size_t)i * L;
    const float re = gradient[at + 2 * i], im = gradient[at + 2 * i + 1];
    for (int j = 0; j < 2 * L; j++) gradient[at + j] += coefficient[1] * (value[at + j] - label[at + j]);
    gradient[at + 2 * i] = re + coefficient[0] * (value[at + 2 * i] - label[at + 2 * i]);
    gradient[at + 2 * i + 1] = im + coefficient[0] * (value[at + 2 * i + 1] - label[at + 2 * i + 1]);
  }
  const size_t q = 2 * (size_t)L * L;
  for (int i = 0; i < L; i++) {
    gradient[q + i] += coefficient[2] * (value[q + i] - label[q + i]);
    gradient[q + L + i] += coefficient[3] * (value[q + L + i] - label[q + L + i]);
  }
}
