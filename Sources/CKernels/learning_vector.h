#pragma once
// Sixteen floats at once: one register with AVX-512, two with AVX2, four without. Vectors are passed by address, since
// their calling convention depends on the processor; everything is inlined.

typedef float v16 __attribute__((vector_size(64), aligned(4)));
typedef float v8 __attribute__((vector_size(32), aligned(4)));
typedef int i16 __attribute__((vector_size(64), aligned(4)));

#define INLINE static inline __attribute__((always_inline))
// A function whose vectors may take whole 512-bit registers where there are some.
#define HOLSTREAM_WIDE(type, name, parameters, arguments) \
  HOLSTREAM_CLONES_WITH(__attribute__((min_vector_width(512))), type, name, parameters, arguments)
// The same whose body knows the level, the constant `level`.
#define HOLSTREAM_LEVELLED(type, name, parameters, arguments) \
  HOLSTREAM_LEVEL_CLONES_WITH(__attribute__((min_vector_width(512))), type, name, parameters, arguments)

#define LOAD(p) (*(const v16 *)(p))
#define STORE(p, x) (*(v16 *)(p) = (x))
// Sixteen copies, written out: 0 + x would be an addition, for it turns -0 into 0.
#define SPLAT(x)                                                              \
  ({                                                                          \
    const float splat_ = (x);                                                 \
    (v16){splat_, splat_, splat_, splat_, splat_, splat_, splat_, splat_,     \
          splat_, splat_, splat_, splat_, splat_, splat_, splat_, splat_};    \
  })

INLINE float sum(const v16 *x) {
  typedef float v4 __attribute__((vector_size(16)));
  const v8 a = __builtin_shufflevector(*x, *x, 0, 1, 2, 3, 4, 5, 6, 7) +
               __builtin_shufflevector(*x, *x, 8, 9, 10, 11, 12, 13, 14, 15);
  const v4 b = __builtin_shufflevector(a, a, 0, 1, 2, 3) + __builtin_shufflevector(a, a, 4, 5, 6, 7);
  return (b[0] + b[2]) + (b[1] + b[3]);
}

// x = tanh x.
//
// tanh |x| = -e / (2 + e), e = exp(-2|x|) - 1. With -2|x| = n log 2 + r, |r| <= log 2 / 2, and q = exp(r) - 1 by its
// Taylor series to r⁷, e = 2ⁿ q + (2ⁿ - 1) keeps its leading digits when |x| is small, where n = 0 and e = q.
INLINE void tanh16(v16 *x) {
  const i16 sign = (i16)*x & (int)0x80000000;
  v16 a = (v16)((i16)*x ^ sign);
  // tanh 9.02 rounds to 1 in single precision; the comparison is written so that a NaN stays one.
  const v16 limit = SPLAT(9.25f);
  const i16 large = a > limit;
  a = (v16)(((i16)limit & large) | ((i16)a & ~large));
  const v16 y = -2.0f * a;
  // Adding 1.5 · 2²³ rounds to an integer, which the low bits of the sum then hold.
  const v16 shifted = y * 1.44269504088896341f + 12582912.0f;
  const v16 n = shifted - 12582912.0f;
  v16 r = n * -0.693359375f + y;
  r = n * 2.12194440054690583e-4f + r;
  v16 q = r * 1.98412698e-4f + 1.38888889e-3f;
  q = q * r + 8.33333333e-3f;
  q = q * r + 4.16666667e-2f;
  q = q * r + 1.66666667e-1f;
  q = q * r + 0.5f;
  q = (q * r) * r + r;
  const v16 power = (v16)(((i16)shifted << 23) + 0x3f800000);
  const v16 e = power * q + (power - 1.0f);
  const v16 t = (0.0f - e) / (e + 2.0f);  // 0 - e, since -e would make tanh 0 negative
  *x = (v16)((i16)t | sign);
}
