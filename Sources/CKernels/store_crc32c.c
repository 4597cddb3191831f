#include <string.h>

#include "store_kernels.h"

// Eight bytes a step with eight tables ("slicing by 8", Kounavis and Berry, 2005).
static uint32_t tables[8][256];

__attribute__((constructor)) static void fill_tables(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; bit++) value = value & 1 ? 0x82F63B78u ^ (value >> 1) : value >> 1;
    tables[0][byte] = value;
  }
  for (int table = 1; table < 8; table++)
    for (int byte = 0; byte < 256; byte++) {
      uint32_t value = tables[table - 1][byte];
      tables[table][byte] = tables[0][value & 255] ^ (value >> 8);
    }
}

uint32_t holstream_crc32c(const uint8_t *bytes, size_t count) {
  uint32_t value = ~0u;
  for (; count >= 8; count -= 8, bytes += 8) {
    uint32_t low = value ^ ((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24);
    value = tables[7][low & 255] ^ tables[6][low >> 8 & 255] ^ tables[5][low >> 16 & 255] ^ tables[4][low >> 24] ^
            tables[3][bytes[4]] ^ tables[2][bytes[5]] ^ tables[1][bytes[6]] ^ tables[0][bytes[7]];
  }
  for (; count > 0; count--, bytes++) value = tables[0][(value ^ *bytes) & 255] ^ (value >> 8);
  return ~value;
}
