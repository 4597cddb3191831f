#include "plrnn_kernels.h"

#include "clones.h"
#include "learning_vector.h"

#pragma clang fp contract(fast)

typedef const holstream_plrnn *Net;

int32_t holstream_plrnn_count(Net net) {
  const int32_t m = net->latent, s = net->stride;
  return net->shallow ? 2 * m + s + 2 * m * s : 2 * s + m * s;
}

INLINE float positive(float x) { return x > 0 ? x : 0; }
// x where y is positive, else 0.
#define WHERE(x, y) ((v16)((i16)(x) & ((y) > SPLAT(0))))

// d = relu(W2 z + h2) - relu(W2 z).
INLINE void bend(Net net, const float *h2, const float *w2, const float *z, float *d) {
  const int32_t m = net->latent, s = net->stride;
  for (int32_t j = 0; j < s; j += 16) {
    v16 a = SPLAT(0);
    for (int32_t k = 0; k < m; k++) a += SPLAT(z[k]) * LOAD(w2 + k * s + j);
    const v16 b = a + LOAD(h2 + j);
    STORE(d + j, WHERE(b, b) - WHERE(a, a));
  }
}

INLINE float dot(const float *x, const float *y, int32_t s) {
  v16 a = SPLAT(0);
  for (int32_t j = 0; j < s; j += 16) a += LOAD(x + j) * LOAD(y + j);
  return sum(&a);
}

INLINE void step(Net net, const float *weights, const float *z, float *next, float *scratch) {
  const int32_t m = net->latent, s = net->stride;
  if (net->shallow) {
    const float *a = weights, *h1 = a + m, *h2 = h1 + m, *w1 = h2 + s, *w2 = w1 + m * s;
    bend(net, h2, w2, z, scratch);
    for (int32_t i = 0; i < m; i++) next[i] = a[i] * z[i] + h1[i] + dot(w1 + i * s, scratch, s);
    return;
  }
  const float *a = weights, *h = a + s, *w = h + s;
  const int32_t linear = m - net->rectified;
  for (int32_t j = 0; j < s; j += 16) {
    v16 sum = LOAD(h + j);
    for (int32_t k = 0; k < m; k++) sum += SPLAT(k < linear ? z[k] : positive(z[k])) * LOAD(w + k * s + j);
    STORE(scratch + j, sum);
  }
  for (int32_t i = 0; i < m; i++) next[i] = a[i] * z[i] + scratch[i];
}

HOLSTREAM_WIDE(void, holstream_plrnn_step,
               (const holstream_plrnn *net, const float *weights, const float *z, float *next, float *scratch),
               (net, weights, z, next, scratch)) {
  step(net, weights, z, next, scratch);
}

INLINE float forcing(int32_t t, float alpha, int32_t interval) {
  return interval > 0 ? (t % interval == 0 ? 1.0f : 0.0f) : alpha;
}

HOLSTREAM_WIDE(void, holstream_plrnn_forward,
               (const holstream_plrnn *net, const float *weights, const float *z0, const float *x, int32_t steps,
                float alpha, int32_t interval, float *inputs, float *outputs, float *scratch),
               (net, weights, z0, x, steps, alpha, interval, inputs, outputs, scratch)) {
  const int32_t m = net->latent, n = net->observed;
  for (int32_t t = 0; t < steps; t++) {
    float *z = inputs + t * m;
    const float *from = t == 0 ? z0 : outputs + (t - 1) * m;
    for (int32_t i = 0; i < m; i++) z[i] = from[i];
    if (t > 0) {
      const float f = forcing(t, alpha, interval);
      // Written so that a full forcing forgets what it replaces, a number that is none too.
      if (f == 1)
        for (int32_t i = 0; i < n; i++) z[i] = x[t * n + i];
      else if (f > 0)
        for (int32_t i = 0; i < n; i++) z[i] = (1 - f) * z[i] + f * x[t * n + i];
    }
    step(net, weights, z, outputs + t * m, scratch);
  }
}

HOLSTREAM_WIDE(void, holstream_plrnn_backward,
               (const holstream_plrnn *net, const float *weights, const float *x, int32_t steps, float alpha,
                int32_t interval, const float *inputs, const float *outputs, float factor, float *gradient, float *dz0,
                float *scratch),
               (net, weights, x, steps, alpha, interval, inputs, outputs, factor, gradient, dz0, scratch)) {
  const int32_t m = net->latent, n = net->observed, s = net->stride;
  float *da = scratch, *g = da + s;
  for (int32_t i = 0; i < m; i++) dz0[i] = 0;
  for (int32_t t = steps - 1; t >= 0; t--) {
    const float *z = inputs + t * m, *y = outputs + t * m;
    // What comes back through the next step, less what its forcing cuts, and the error's own part.
    if (t + 1 < steps) {
      const float kept = 1 - forcing(t + 1, alpha, interval);
      for (int32_t i = 0; i < n; i++) dz0[i] *= kept;
    }
    for (int32_t i = 0; i < m; i++) g[i] = dz0[i];
    for (int32_t i = 0; i < n; i++) g[i] += factor * (y[i] - x[(t + 1) * n + i]);
    if (net->shallow) {
      const float *a = weights, *h2 = a + 2 * m, *w1 = h2 + s, *w2 = w1 + m * s;
      float *ga = gradient, *gh1 = ga + m, *gh2 = gh1 + m, *gw1 = gh2 + s, *gw2 = gw1 + m * s;
      for (int32_t j = 0; j < s; j += 16) {
        v16 p = SPLAT(0), back = SPLAT(0);
        for (int32_t k = 0; k < m; k++) {
          p += SPLAT(z[k]) * LOAD(w2 + k * s + j);
          back += SPLAT(g[k]) * LOAD(w1 + k * s + j);
        }
        const v16 q = p + LOAD(h2 + j);
        const v16 bent = WHERE(q, q) - WHERE(p, p);
        const v16 up = WHERE(back, q);
        const v16 both = up - WHERE(back, p);
        STORE(gh2 + j, LOAD(gh2 + j) + up);
        STORE(da + j, both);
        for (int32_t k = 0; k < m; k++) {
          STORE(gw1 + k * s + j, LOAD(gw1 + k * s + j) + SPLAT(g[k]) * bent);
          STORE(gw2 + k * s + j, LOAD(gw2 + k * s + j) + SPLAT(z[k]) * both);
        }
      }
      for (int32_t i = 0; i < m; i++) {
        ga[i] += g[i] * z[i];
        gh1[i] += g[i];
        dz0[i] = a[i] * g[i] + dot(w2 + i * s, da, s);
      }
    } else {
      const float *a = weights, *w = a + 2 * s;
      float *ga = gradient, *gh = ga + s, *gw = gh + s;
      const int32_t linear = m - net->rectified;
      for (int32_t j = 0; j < s; j++) da[j] = j < m ? g[j] : 0;
      for (int32_t j = 0; j < s; j += 16) STORE(gh + j, LOAD(gh + j) + LOAD(da + j));
      for (int32_t k = 0; k < m; k++) {
        const float f = k < linear ? z[k] : positive(z[k]);
        for (int32_t j = 0; j < s; j += 16)
          STORE(gw + k * s + j, LOAD(gw + k * s + j) + SPLAT(f) * LOAD(da + j));
        ga[k] += g[k] * z[k];
        dz0[k] = a[k] * g[k] + (k < linear || z[k] > 0 ? dot(w + k * s, da, s) : 0);
      }
    }
  }
}

HOLSTREAM_WIDE(void, holstream_plrnn_jacobian,
               (const holstream_plrnn *net, const float *weights, const float *z, float *jacobian, float *scratch),
               (net, weights, z, jacobian, scratch)) {
  const int32_t m = net->latent, s = net->stride;
  if (!net->shallow) {
    const float *a = weights, *w = a + 2 * s;
    const int32_t linear = m - net->rectified;
    for (int32_t i = 0; i < m; i++)
      for (int32_t k = 0; k < m; k++)
        jacobian[i * m + k] = (i == k ? a[i] : 0) + (k < linear || z[k] > 0 ? w[k * s + i] : 0);
    return;
  }
  const float *a = weights, *h2 = a + 2 * m, *w1 = h2 + s, *w2 = w1 + m * s;
  float *slope = scratch, *row = scratch + s;
  for (int32_t j = 0; j < s; j += 16) {
    v16 p = SPLAT(0);
    for (int32_t k = 0; k < m; k++) p += SPLAT(z[k]) * LOAD(w2 + k * s + j);
    const v16 one = SPLAT(1), q = p + LOAD(h2 + j);
    STORE(slope + j, WHERE(one, q) - WHERE(one, p));
  }
  for (int32_t i = 0; i < m; i++) {
    for (int32_t j = 0; j < s; j += 16) STORE(row + j, LOAD(w1 + i * s + j) * LOAD(slope + j));
    for (int32_t k = 0; k < m; k++) jacobian[i * m + k] = (i == k ? a[i] : 0) + dot(row, w2 + k * s, s);
  }
}
