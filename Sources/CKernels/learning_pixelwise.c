#include "clones.h"
#include "learning_kernels.h"
#include "learning_vector.h"

#pragma clang fp contract(fast)

static const float kEpsilon = 1e-5f;

// N blocks at once, since the sums over the channels of one would wait for each of their additions.
INLINE void normalise_tanh(const int N, size_t stride, size_t at, const float *x, int channels, const float *gamma,
                           const float *beta, const float *scale, float *mean, float *rstd, float *y) {
  const float inverse = 1.0f / (float)channels;
  v16 mu[4], r[4], squares[4];
#pragma clang loop unroll(full)
  for (int k = 0; k < N; k++) mu[k] = squares[k] = SPLAT(0);
  for (int c = 0; c < channels; c++)
#pragma clang loop unroll(full)
    for (int k = 0; k < N; k++) mu[k] += LOAD(x + c * stride + at + 16 * k);
#pragma clang loop unroll(full)
  for (int k = 0; k < N; k++) mu[k] *= inverse;
  for (int c = 0; c < channels; c++)
#pragma clang loop unroll(full)
    for (int k = 0; k < N; k++) {
      const v16 d = LOAD(x + c * stride + at + 16 * k) - mu[k];
      squares[k] += d * d;
    }
#pragma clang loop unroll(full)
  for (int k = 0; k < N; k++) {
    r[k] = 1.0f / __builtin_elementwise_sqrt(squares[k] * inverse + kEpsilon);
    STORE(mean + at + 16 * k, mu[k]);
    STORE(rstd + at + 16 * k, r[k]);
  }
  for (int c = 0; c < channels; c++)
#pragma clang loop unroll(full)
    for (int k = 0; k < N; k++) {
      const size_t to = c * stride + at + 16 * k;
      const v16 h = (LOAD(x + to) - mu[k]) * r[k];
      v16 t = h * gamma[c] + beta[c];
      tanh16(&t);
      STORE(y + to, scale ? t * scale[c] : t);
    }
}

HOLSTREAM_WIDE(void, holstream_normalise_tanh,
               (const holstream_planes *g, const float *x, int channels, const float *gamma, const float *beta,
                const float *scale, float *mean, float *rstd, float *y),
               (g, x, channels, gamma, beta, scale, mean, rstd, y)) {
  int b = 0;
  for (; b + 4 <= g->blocks; b += 4)
    normalise_tanh(4, g->stride, g->first + 16 * (size_t)b, x, channels, gamma, beta, scale, mean, rstd, y);
  for (; b < g->blocks; b++)
    normalise_tanh(1, g->stride, g->first + 16 * (size_t)b, x, channels, gamma, beta, scale, mean, rstd, y);
}

// With z = gamma h + beta, h = (x - mean) rstd, y = s tanh z and C channels:
//   dz = sites dy s (1 - tanh² z),  dbeta = sum dz,  dgamma = sum dz h,
//   dx = rstd (gamma dz - <gamma dz> - h <gamma dz h>), <.> the mean over channels.
HOLSTREAM_WIDE(void, holstream_normalise_tanh_backward,
               (const holstream_planes *g, const float *sites, const float *dy, const float *y, const float *scale,
                const float *x, const float *mean, const float *rstd, const float *gamma, int channels,
                const float *add, float *dx, float *dgamma, float *dbeta, float *scratch),
               (g, sites, dy, y, scale, x, mean, rstd, gamma, channels, add, dx, dgamma, dbeta, scratch)) {
  const size_t stride = g->stride;
  const float inverse = 1.0f / (float)channels;
  for (int k = 0; k < 32 * channels; k++) scratch[k] = 0;
  for (int b = 0; b < g->blocks; b++) {
    const size_t at = (size_t)g->first + 16 * (size_t)b;
    const v16 mu = LOAD(mean + at), r = LOAD(rstd + at), inside = LOAD(sites + at);
    v16 first = SPLAT(0), second = SPLAT(0);
    for (int c = 0; c < channels; c++) {
      const float s = scale ? scale[c] : 1;
      const v16 t = LOAD(y + c * stride + at) * (s == 0 ? 0 : 1 / s);
      const v16 h = (LOAD(x + c * stride + at) - mu) * r;
      const v16 dz = LOAD(dy + c * stride + at) * inside * s * (1.0f - t * t);
      STORE(scratch + 32 * c, LOAD(scratch + 32 * c) + dz);
      STORE(scratch + 32 * c + 16, LOAD(scratch + 32 * c + 16) + dz * h);
      const v16 w = dz * gamma[c];
      first += w;
      second += w * h;
    }
    first *= inverse;
    second *= inverse;
    for (int c = 0; c < channels; c++) {
      const float s = scale ? scale[c] : 1;
      const v16 t = LOAD(y + c * stride + at) * (s == 0 ? 0 : 1 / s);
      const v16 h = (LOAD(x + c * stride + at) - mu) * r;
      const v16 w = LOAD(dy + c * stride + at) * inside * s * (1.0f - t * t) * gamma[c];
      v16 out = r * (w - first - h * second) * inside;
      if (add) out += LOAD(add + c * stride + at) * inside;
      STORE(dx + c * stride + at, out);
    }
  }
  for (int c = 0; c < channels; c++) {
    dbeta[c] += sum((const v16 *)(scratch + 32 * c));
    dgamma[c] += sum((const v16 *)(scratch + 32 * c + 16));
  }
}

HOLSTREAM_WIDE(void, holstream_tanh,
               (const holstream_planes *g, const float *x, int channels, float *y),
               (g, x, channels, y)) {
  for (int c = 0; c < channels; c++)
    for (int b = 0; b < g->blocks; b++) {
      const size_t at = (size_t)c * g->stride + g->first + 16 * (size_t)b;
      v16 t = LOAD(x + at);
      tanh16(&t);
      STORE(y + at, t);
    }
}

HOLSTREAM_WIDE(void, holstream_tanh_backward,
               (const holstream_planes *g, const float *sites, const float *dy, const float *y, int channels,
                float *dx),
               (g, sites, dy, y, channels, dx)) {
  for (int c = 0; c < channels; c++)
    for (int b = 0; b < g->blocks; b++) {
      const size_t in = (size_t)g->first + 16 * (size_t)b, at = (size_t)c * g->stride + in;
      const v16 t = LOAD(y + at);
      STORE(dx + at, LOAD(sites + in) * LOAD(dy + at) * (1.0f - t * t));
    }
}

HOLSTREAM_WIDE(void, holstream_tanh_vector, (const float *x, float *y, size_t count), (x, y, count)) {
  size_t k = 0;
  for (; k + 16 <= count; k += 16) {
    v16 t = LOAD(x + k);
    tanh16(&t);
    STORE(y + k, t);
  }
  if (k < count) {
    v16 rest = SPLAT(0);
    for (size_t j = k; j < count; j++) rest[j - k] = x[j];
    tanh16(&rest);
    for (size_t j = k; j < count; j++) y[j] = rest[j - k];
  }
}
