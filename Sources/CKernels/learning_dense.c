#include "clones.h"
#include "learning_kernels.h"
#include "learning_vector.h"

#pragma clang fp contract(fast)

// Sums of four vectors of outputs in eight registers, even and odd inputs apart, so that no sum waits for the last.
HOLSTREAM_WIDE(void, holstream_dense, (const float *restrict x, const float *restrict w, const float *restrict bias, float *restrict y, size_t inputs, size_t outputs), (x, w, bias, y, inputs, outputs)) {
  size_t j = 0;
  for (; j + 64 <= outputs; j += 64) {
    v16 a0 = LOAD(bias + j), a1 = LOAD(bias + j + 16), a2 = LOAD(bias + j + 32), a3 = LOAD(bias + j + 48);
    v16 b0 = SPLAT(0), b1 = b0, b2 = b0, b3 = b0;
    const float *row = w + j;
    size_t i = 0;
    for (; i + 2 <= inputs; i += 2, row += 2 * outputs) {
      const v16 f = SPLAT(x[i]), g = SPLAT(x[i + 1]);
      a0 += f * LOAD(row);
      a1 += f * LOAD(row + 16);
      a2 += f * LOAD(row + 32);
      a3 += f * LOAD(row + 48);
      b0 += g * LOAD(row + outputs);
      b1 += g * LOAD(row + outputs + 16);
      b2 += g * LOAD(row + outputs + 32);
      b3 += g * LOAD(row + outputs + 48);
    }
    if (i < inputs) {
      const v16 f = SPLAT(x[i]);
      a0 += f * LOAD(row);
      a1 += f * LOAD(row + 16);
      a2 += f * LOAD(row + 32);
      a3 += f * LOAD(row + 48);
    }
    STORE(y + j, a0 + b0);
    STORE(y + j + 16, a1 + b1);
    STORE(y + j + 32, a2 + b2);
    STORE(y + j + 48, a3 + b3);
  }
  for (; j < outputs; j += 16) {
    v16 a0 = LOAD(bias + j), a1 = SPLAT(0), a2 = a1, a3 = a1;
    const float *row = w + j;
    size_t i = 0;
    for (; i + 4 <= inputs; i += 4, row += 4 * outputs) {
      a0 += SPLAT(x[i]) * LOAD(row);
      a1 += SPLAT(x[i + 1]) * LOAD(row + outputs);
      a2 += SPLAT(x[i + 2]) * LOAD(row + 2 * outputs);
      a3 += SPLAT(x[i + 3]) * LOAD(row + 3 * outputs);
    }
    for (; i < inputs; i++, row += outputs) a0 += SPLAT(x[i]) * LOAD(row);
    STORE(y + j, (a0 + a1) + (a2 + a3));
  }
}
