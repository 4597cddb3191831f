#include <math.h>
#include <string.h>
#include "clones.h"
#include "learning_kernels.h"

#pragma clang fp contract(fast)

// log x of a positive normal number: x = 2ᵉ m with m between √½ and √2, log m = 2 artanh s, s = (m - 1) / (m + 1).
static inline __attribute__((always_inline)) float logarithm(float x) {
  int32_t bits;
  memcpy(&bits, &x, 4);
  const int32_t e = (bits - 0x3f3504f3) >> 23;
  bits -= (int32_t)((uint32_t)e << 23);
  float m;
  memcpy(&m, &bits, 4);
  const float s = (m - 1) / (m + 1), q = s * s;
  return (float)e * 0.693147180559945f + 2 * s * (1 + q * (1.0f / 3 + q * (0.2f + q * (1.0f / 7 + q * (1.0f / 9)))));
}

// Ten rounds of Philox-4×32 for sixteen counters at once, then Box and Muller's transform of each pair of words.
HOLSTREAM_CLONES(void, holstream_add_normals,
                 (uint64_t seed, uint32_t purpose, uint32_t trajectory, uint32_t step, uint32_t block,
                  float deviation, float *x, size_t count),
                 (seed, purpose, trajectory, step, block, deviation, x, count)) {
  for (size_t done = 0; done < count; done += 64, block += 16) {
    uint32_t c0[16], c1[16], c2[16], c3[16];
    for (int l = 0; l < 16; l++) {
      c0[l] = block + (uint32_t)l;
      c1[l] = step;
      c2[l] = trajectory;
      c3[l] = purpose;
    }
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
      for (int l = 0; l < 16; l++) {
        const uint64_t first = (uint64_t)0xD2511F53u * c0[l], second = (uint64_t)0xCD9E8D57u * c2[l];
        c0[l] = (uint32_t)(second >> 32) ^ c1[l] ^ k0;
        c1[l] = (uint32_t)second;
        c2[l] = (uint32_t)(first >> 32) ^ c3[l] ^ k1;
        c3[l] = (uint32_t)first;
      }
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    float out[64];
    for (int pair = 0; pair < 2; pair++)
      for (int l = 0; l < 16; l++) {
        const uint32_t a = pair ? c2[l] : c0[l], b = pair ? c3[l] : c1[l];
        const float radius = deviation * __builtin_sqrtf(-2 * logarithm(((float)a + 0.5f) * 0x1p-32f));
        // The angle in quarters of a turn: the nearest whole number of them, and the rest between -1/2 and 1/2.
        const uint32_t quarter = (b + 0x20000000u) >> 30;
        const float t = (float)(int32_t)(b - (quarter << 30)) * (1.57079632679f * 0x1p-30f), q = t * t;
        const float sine = t * (1 + q * (-1.0f / 6 + q * (1.0f / 120 + q * (-1.0f / 5040 + q * (1.0f / 362880)))));
        const float cosine = 1 + q * (-0.5f + q * (1.0f / 24 + q * (-1.0f / 720 + q * (1.0f / 40320))));
        const float u = quarter & 1 ? sine : cosine, v = quarter & 1 ? cosine : sine;
        // (cos, sin) of the quarters 0 to 3: (c, s), (-s, c), (-c, -s), (s, -c).
        out[32 * pair + l] = radius * (quarter == 1 || quarter == 2 ? -u : u);
        out[32 * pair + 16 + l] = radius * (quarter == 2 || quarter == 3 ? -v : v);
      }
    if (count - done >= 64)
      for (int k = 0; k < 64; k++) x[done + k] += out[k];
    else
      for (size_t k = 0; k < count - done; k++) x[done + k] += out[k];
  }
}
