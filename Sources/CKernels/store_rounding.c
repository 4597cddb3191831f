#include "clones.h"
#include "store_kernels.h"

// Adding half of the last kept place, less one where that place is even, and cutting off what is below: a carry goes into
// the exponent as it should. A carry out of the largest finite number would make an infinity, so that one is cut instead.
HOLSTREAM_CLONES(void, holstream_round_float, (void *values, size_t count, int kept), (values, count, kept)) {
  if (kept >= 23) return;
  const int dropped = 23 - kept;
  const uint32_t below = (1u << dropped) - 1;
  uint32_t *bits = values;
  for (size_t i = 0; i < count; i++) {
    uint32_t old = bits[i];
    uint32_t rounded = (old + (below >> 1) + ((old >> dropped) & 1)) & ~below;
    uint32_t overflows = (rounded & 0x7F800000u) == 0x7F800000u;
    uint32_t finite = overflows ? old & ~below : rounded;
    bits[i] = (old & 0x7F800000u) == 0x7F800000u ? old : finite;
  }
}

HOLSTREAM_CLONES(void, holstream_round_double, (void *values, size_t count, int kept), (values, count, kept)) {
  if (kept >= 52) return;
  const int dropped = 52 - kept;
  const uint64_t below = (1ull << dropped) - 1;
  const uint64_t infinite = 0x7FF0000000000000ull;
  uint64_t *bits = values;
  for (size_t i = 0; i < count; i++) {
    uint64_t old = bits[i];
    uint64_t rounded = (old + (below >> 1) + ((old >> dropped) & 1)) & ~below;
    uint64_t overflows = (rounded & infinite) == infinite;
    uint64_t finite = overflows ? old & ~below : rounded;
    bits[i] = (old & infinite) == infinite ? old : finite;
  }
}
