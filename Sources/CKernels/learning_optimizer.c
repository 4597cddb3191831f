#include <math.h>
#include "clones.h"
#include "learning_kernels.h"

#pragma clang fp contract(fast)

HOLSTREAM_CLONES(void, holstream_add_vectors, (float *out, const float *x, size_t count), (out, x, count)) {
  for (size_t k = 0; k < count; k++) out[k] += x[k];
}

HOLSTREAM_CLONES(double, holstream_squared_norm, (const float *x, size_t count), (x, count)) {
  double lane[16] = {0}, total = 0;
  size_t k = 0;
  for (; k + 16 <= count; k += 16)
    for (int j = 0; j < 16; j++) lane[j] += (double)x[k + j] * x[k + j];
  for (; k < count; k++) total += (double)x[k] * x[k];
  for (int j = 0; j < 16; j++) total += lane[j];
  return total;
}

// m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g², w = (1 - rate decay) w - rate (m / c1) / (sqrt(v / c2) + epsilon).
HOLSTREAM_CLONES(void, holstream_adamw,
                 (float *restrict w, const float *restrict gradient, float *restrict m, float *restrict v,
                  size_t count, float clip, float rate, float beta1, float beta2, float correction1,
                  float correction2, float epsilon, float decay),
                 (w, gradient, m, v, count, clip, rate, beta1, beta2, correction1, correction2, epsilon, decay)) {
  const float step = rate / correction1, root = 1 / sqrtf(correction2), keep = 1 - rate * decay;
  for (size_t k = 0; k < count; k++) {
    const float g = gradient[k] * clip;
    m[k] = beta1 * m[k] + (1 - beta1) * g;
    v[k] = beta2 * v[k] + (1 - beta2) * g * g;
    w[k] = keep * w[k] - step * m[k] / (__builtin_sqrtf(v[k]) * root + epsilon);
  }
}

HOLSTREAM_CLONES(void, holstream_average, (float *restrict average, const float *restrict w, size_t count, float keep),
                 (average, w, count, keep)) {
  for (size_t k = 0; k < count; k++) average[k] += (1 - keep) * (w[k] - average[k]);
}
