#include <string.h>

#include "clones.h"
#include "store_kernels.h"

// The common element sizes are written out, because a constant stride is what lets the compiler use vectors.
#define SHUFFLE(name, SIZE)                                                                            \
  static inline __attribute__((always_inline)) void shuffle_##name(                                    \
      const uint8_t *restrict from, uint8_t *restrict to, size_t elements) {                           \
    for (size_t byte = 0; byte < SIZE; byte++) {                                                       \
      uint8_t *restrict row = to + byte * elements;                                                    \
      for (size_t i = 0; i < elements; i++) row[i] = from[i * SIZE + byte];                            \
    }                                                                                                  \
  }                                                                                                    \
  static inline __attribute__((always_inline)) void unshuffle_##name(                                  \
      const uint8_t *restrict from, uint8_t *restrict to, size_t elements) {                           \
    for (size_t i = 0; i < elements; i++)                                                              \
      for (size_t byte = 0; byte < SIZE; byte++) to[i * SIZE + byte] = from[byte * elements + i];      \
  }

SHUFFLE(2, 2)
SHUFFLE(4, 4)
SHUFFLE(8, 8)
SHUFFLE(16, 16)

HOLSTREAM_CLONES(void, holstream_shuffle, (const uint8_t *from, uint8_t *to, size_t count, size_t type_size),
                 (from, to, count, type_size)) {
  size_t elements = count / type_size;
  switch (type_size) {
    case 2: shuffle_2(from, to, elements); break;
    case 4: shuffle_4(from, to, elements); break;
    case 8: shuffle_8(from, to, elements); break;
    case 16: shuffle_16(from, to, elements); break;
    default:
      for (size_t byte = 0; byte < type_size; byte++)
        for (size_t i = 0; i < elements; i++) to[byte * elements + i] = from[i * type_size + byte];
  }
  memcpy(to + elements * type_size, from + elements * type_size, count - elements * type_size);
}

HOLSTREAM_CLONES(void, holstream_unshuffle, (const uint8_t *from, uint8_t *to, size_t count, size_t type_size),
                 (from, to, count, type_size)) {
  size_t elements = count / type_size;
  switch (type_size) {
    case 2: unshuffle_2(from, to, elements); break;
    case 4: unshuffle_4(from, to, elements); break;
    case 8: unshuffle_8(from, to, elements); break;
    case 16: unshuffle_16(from, to, elements); break;
    default:
      for (size_t i = 0; i < elements; i++)
        for (size_t byte = 0; byte < type_size; byte++) to[i * type_size + byte] = from[byte * elements + i];
  }
  memcpy(to + elements * type_size, from + elements * type_size, count - elements * type_size);
}
