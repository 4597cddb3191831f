#include <math.h>

#include "clones.h"
#include "learning_vector.h"
#include "tape_kernels.h"

#pragma clang fp contract(fast)

#define PICK(mask, a, b) ((v16)(((mask) & (i16)(a)) | (~(mask) & (i16)(b))))

// x = exp x: 2ⁿ (1 + q) with x = n log 2 + r and q = exp(r) - 1 by its Taylor series to r⁷. 2ⁿ is two factors, so that
// the result may reach infinity and the smallest numbers.
INLINE void exp16(v16 *x) {
  const v16 high = SPLAT(89.0f), low = SPLAT(-104.0f);
  v16 a = PICK(*x > high, high, *x);  // written so that a NaN stays one
  a = PICK(a < low, low, a);
  const v16 shifted = a * 1.44269504088896341f + 12582912.0f;
  const v16 n = shifted - 12582912.0f;
  v16 r = n * -0.693359375f + a;
  r = n * 2.12194440054690583e-4f + r;
  v16 q = r * 1.98412698e-4f + 1.38888889e-3f;
  q = q * r + 8.33333333e-3f;
  q = q * r + 4.16666667e-2f;
  q = q * r + 1.66666667e-1f;
  q = q * r + 0.5f;
  q = (q * r) * r + r;
  const i16 whole = (i16)shifted - 0x4b400000;
  const i16 first = whole >> 1, second = whole - first;
  *x = (q + 1.0f) * (v16)((first + 127) << 23) * (v16)((second + 127) << 23);
}

// e = exp(-|x|) and x = 1 / (1 + exp(-x)).
INLINE void sigmoid16(v16 *x, v16 *e) {
  const i16 positive = *x > 0.0f;
  *e = (v16)((i16)*x | (int)0x80000000);
  exp16(e);
  *x = PICK(positive, SPLAT(1), *e) / (*e + 1.0f);
}

// x = log(1 + exp x) = max(x, 0) + log(1 + e), e = exp(-|x|); log(1 + e) = 2 artanh s, s = e / (2 + e) <= 1/3.
INLINE void softplus16(v16 *x) {
  v16 e = (v16)((i16)*x | (int)0x80000000);
  exp16(&e);
  const v16 s = e / (e + 2.0f), t = s * s;
  v16 p = t * (1.0f / 15) + 1.0f / 13;
  p = p * t + 1.0f / 11;
  p = p * t + 1.0f / 9;
  p = p * t + 1.0f / 7;
  p = p * t + 1.0f / 5;
  p = p * t + 1.0f / 3;
  p = (p * t) * s + s;
  *x = PICK(*x < 0.0f, SPLAT(0), *x) + 2.0f * p;
}

// x = sin(x + turns π/2), with x reduced by multiples of π/2 in three parts; far from zero the C library does it.
INLINE void sin16(v16 *x, int turns) {
  const v16 a = *x;
  const v16 shifted = a * 0.636619772367581343f + 12582912.0f;
  const v16 n = shifted - 12582912.0f;
  v16 r = n * -1.5703125f + a;
  r = n * -4.837512969970703125e-4f + r;
  r = n * -7.54978995489188216e-8f + r;
  const v16 t = r * r;
  v16 s = t * -1.9515295891e-4f + 8.3321608736e-3f;
  s = s * t + -1.6666654611e-1f;
  s = (s * t) * r + r;
  v16 c = t * 2.443315711809948e-5f + -1.388731625493765e-3f;
  c = c * t + 4.166664568298827e-2f;
  c = (c * t) * t + (t * -0.5f + 1.0f);
  const i16 quarter = (i16)shifted + turns;
  const i16 odd = -(quarter & 1), sign = (quarter & 2) << 30;
  *x = (v16)((i16)PICK(odd, c, s) ^ sign);
  const i16 far = ~((v16)((i16)a & 0x7fffffff) <= 8192.0f);
  int any = 0;
  for (int k = 0; k < 16; k++) any |= far[k];
  if (any)
    for (int k = 0; k < 16; k++)
      if (far[k]) (*x)[k] = turns ? cosf(a[k]) : sinf(a[k]);
}

// 2u of gelu(x) = x sigmoid(2u), u = sqrt(2/π) (x + 0.044715 x³): the form with tanh.
#define GELU_A 1.595769121605731f
#define GELU_B 0.071354816272600f

INLINE void value16(const int f, v16 *x) {
  v16 a = *x, e;
  switch (f) {
    case HOLSTREAM_TANH: tanh16(&a); break;
    case HOLSTREAM_SIGMOID: sigmoid16(&a, &e); break;
    case HOLSTREAM_RELU: a = PICK(a < 0.0f, SPLAT(0), a); break;
    case HOLSTREAM_STEP: a = PICK(a > 0.0f, SPLAT(1), SPLAT(0)); break;
    case HOLSTREAM_SOFTPLUS: softplus16(&a); break;
    case HOLSTREAM_GELU:
      a = a * (a * a * GELU_B + GELU_A);
      sigmoid16(&a, &e);
      a *= *x;
      break;
    case HOLSTREAM_SIN: sin16(&a, 0); break;
    case HOLSTREAM_COS: sin16(&a, 1); break;
    case HOLSTREAM_EXP: exp16(&a); break;
    case HOLSTREAM_SQRT: a = __builtin_elementwise_sqrt(a); break;
    case HOLSTREAM_RSQRT: a = 1.0f / __builtin_elementwise_sqrt(a); break;
    case HOLSTREAM_SILU:
      sigmoid16(&a, &e);
      a *= *x;
      break;
  }
  *x = a;
}

// x = f'(x), y = f(x).
INLINE void slope16(const int f, v16 *x, const v16 *value) {
  v16 a = *x, e;
  const v16 y = *value;
  switch (f) {
    case HOLSTREAM_TANH: a = 1.0f - y * y; break;
    case HOLSTREAM_SIGMOID: a = y * (1.0f - y); break;
    case HOLSTREAM_RELU: a = PICK(a > 0.0f, SPLAT(1), SPLAT(0)); break;
    case HOLSTREAM_STEP: a = SPLAT(0); break;
    case HOLSTREAM_SOFTPLUS: sigmoid16(&a, &e); break;
    case HOLSTREAM_GELU: {
      const v16 square = a * a;
      v16 s = a * (square * GELU_B + GELU_A);
      sigmoid16(&s, &e);
      a = s + a * (s * (1.0f - s)) * (square * (3 * GELU_B) + GELU_A);
      break;
    }
    case HOLSTREAM_SIN: sin16(&a, 1); break;
    case HOLSTREAM_COS:
      sin16(&a, 0);
      a = -a;
      break;
    case HOLSTREAM_EXP: a = y; break;
    // The slope of a root at zero is infinite; zero is the choice that keeps an exact fit a fixed point.
    case HOLSTREAM_SQRT: a = PICK(y == 0.0f, SPLAT(0), 0.5f / y); break;
    case HOLSTREAM_RSQRT: a = -0.5f * y * y * y; break;
    // s + x s (1 - s) with y = x s.
    case HOLSTREAM_SILU:
      sigmoid16(&a, &e);
      a = a + y * (1.0f - a);
      break;
  }
  *x = a;
}

INLINE void values(const int f, const float *x, float *y, size_t count) {
  size_t k = 0;
  for (; k + 16 <= count; k += 16) {
    v16 a = LOAD(x + k);
    value16(f, &a);
    STORE(y + k, a);
  }
  if (k == count) return;
  v16 a = SPLAT(0);
  for (size_t j = k; j < count; j++) a[j - k] = x[j];
  value16(f, &a);
  for (size_t j = k; j < count; j++) y[j] = a[j - k];
}

INLINE void slopes(const int f, const float *x, const float *y, const float *dy, float *dx, size_t count) {
  size_t k = 0;
  for (; k + 16 <= count; k += 16) {
    v16 a = LOAD(x + k);
    const v16 b = LOAD(y + k);
    slope16(f, &a, &b);
    STORE(dx + k, LOAD(dx + k) + LOAD(dy + k) * a);
  }
  if (k == count) return;
  v16 a = SPLAT(0), b = SPLAT(0);
  for (size_t j = k; j < count; j++) {
    a[j - k] = x[j];
    b[j - k] = y[j];
  }
  slope16(f, &a, &b);
  for (size_t j = k; j < count; j++) dx[j] += dy[j] * a[j - k];
}

// Each case is a loop of its own, for the function is constant in it.
#define EACH(CALL)                                             \
  switch (f) {                                                 \
    case HOLSTREAM_TANH: CALL(HOLSTREAM_TANH); break;          \
    case HOLSTREAM_SIGMOID: CALL(HOLSTREAM_SIGMOID); break;    \
    case HOLSTREAM_RELU: CALL(HOLSTREAM_RELU); break;          \
    case HOLSTREAM_STEP: CALL(HOLSTREAM_STEP); break;          \
    case HOLSTREAM_SOFTPLUS: CALL(HOLSTREAM_SOFTPLUS); break;  \
    case HOLSTREAM_GELU: CALL(HOLSTREAM_GELU); break;          \
    case HOLSTREAM_SIN: CALL(HOLSTREAM_SIN); break;            \
    case HOLSTREAM_COS: CALL(HOLSTREAM_COS); break;            \
    case HOLSTREAM_EXP: CALL(HOLSTREAM_EXP); break;            \
    case HOLSTREAM_SQRT: CALL(HOLSTREAM_SQRT); break;          \
    case HOLSTREAM_RSQRT: CALL(HOLSTREAM_RSQRT); break;        \
    case HOLSTREAM_SILU: CALL(HOLSTREAM_SILU); break;          \
  }

HOLSTREAM_WIDE(void, holstream_tape_function, (int32_t f, const float *x, float *y, size_t count), (f, x, y, count)) {
#define VALUES(F) values(F, x, y, count)
  EACH(VALUES)
}

HOLSTREAM_WIDE(void, holstream_tape_function_backward, (int32_t f, const float *x, const float *y, const float *dy, float *dx, size_t count), (f, x, y, dy, dx, count)) {
#define SLOPES(F) slopes(F, x, y, dy, dx, count)
  EACH(SLOPES)
}
