#include <string.h>
#include "clones.h"
#include "learning_kernels.h"

#pragma clang fp contract(fast)

HOLSTREAM_CLONES
void holstream_embed(const holstream_planes *g, const float *state, const float *scale, float *planes) {
  const int L = g->sites, W = g->width;
  const float *q = state + 2 * (size_t)L * L, *p = q + L;
  float *re = planes, *im = re + g->stride, *qs = im + g->stride, *ps = qs + g->stride;
  memset(qs, 0, 2 * sizeof(float) * (size_t)g->stride);
  for (int i = 0; i < L; i++) {
    const float *row = state + 2 * (size_t)i * L;
    float *a = re + (i + 1) * W + 1, *b = im + (i + 1) * W + 1;
    for (int j = 0; j < L; j++) {
      a[j] = row[2 * j] * scale[0];
      b[j] = row[2 * j + 1] * scale[0];
    }
    qs[(i + 1) * W + i + 1] = q[i] * scale[1];
    ps[(i + 1) * W + i + 1] = p[i] * scale[2];
  }
  holstream_fill_halo(g, planes, 4);
}

HOLSTREAM_CLONES
void holstream_embed_backward(const holstream_planes *g, const float *dplanes, const float *scale, float *dstate) {
  const int L = g->sites, W = g->width;
  float *dq = dstate + 2 * (size_t)L * L, *dp = dq + L;
  const float *re = dplanes, *im = re + g->stride, *qs = im + g->stride, *ps = qs + g->stride;
  for (int i = 0; i < L; i++) {
    float *row = dstate + 2 * (size_t)i * L;
    const float *a = re + (i + 1) * W + 1, *b = im + (i + 1) * W + 1;
    for (int j = 0; j < L; j++) {
      row[2 * j] += a[j] * scale[0];
      row[2 * j + 1] += b[j] * scale[0];
    }
    dq[i] += qs[(i + 1) * W + i + 1] * scale[1];
    dp[i] += ps[(i + 1) * W + i + 1] * scale[2];
  }
}

HOLSTREAM_CLONES
void holstream_extract(const holstream_planes *g, const float *planes, const float *scale, const float *add,
                       float *out) {
  const int L = g->sites, W = g->width;
  const size_t count = 2 * (size_t)L * L + 2 * (size_t)L;
  const float *re = planes, *im = re + g->stride, *qs = im + g->stride, *ps = qs + g->stride;
  if (!add) memset(out, 0, count * sizeof(float));
  else if (add != out) memcpy(out, add, count * sizeof(float));
  float *q = out + 2 * (size_t)L * L, *p = q + L;
  for (int i = 0; i < L; i++) {
    float *row = out + 2 * (size_t)i * L;
    const float *a = re + (i + 1) * W + 1, *b = im + (i + 1) * W + 1;
    for (int j = 0; j < L; j++) {
      row[2 * j] += a[j] * scale[0];
      row[2 * j + 1] += b[j] * scale[0];
    }
    q[i] += qs[(i + 1) * W + i + 1] * scale[1];
    p[i] += ps[(i + 1) * W + i + 1] * scale[2];
  }
}

HOLSTREAM_CLONES
void holstream_extract_backward(const holstream_planes *g, const float *dout, const float *scale, float *dplanes) {
  const int L = g->sites, W = g->width;
  memset(dplanes, 0, 4 * sizeof(float) * (size_t)g->stride);
  const float *dq = dout + 2 * (size_t)L * L, *dp = dq + L;
  float *re = dplanes, *im = re + g->stride, *qs = im + g->stride, *ps = qs + g->stride;
  for (int i = 0; i < L; i++) {
    const float *row = dout + 2 * (size_t)i * L;
    float *a = re + (i + 1) * W + 1, *b = im + (i + 1) * W + 1;
    for (int j = 0; j < L; j++) {
      a[j] = row[2 * j] * scale[0];
      b[j] = row[2 * j + 1] * scale[0];
    }
    qs[(i + 1) * W + i + 1] = dq[i] * scale[1];
    ps[(i + 1) * W + i + 1] = dp[i] * scale[2];
  }
}

HOLSTREAM_CLONES
void holstream_squared_errors(int sites, const float *label, const float *value, double *sums) {
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

HOLSTREAM_CLONES
void holstream_squared_errors_backward(int sites, const float *label, const float *value, const float *coefficient,
                                       float *gradient) {
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
