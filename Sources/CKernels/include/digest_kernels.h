#pragma once

#include <stddef.h>
#include <stdint.h>

/// What of a message has been taken in so far.
typedef struct {
  uint32_t state[8];
  uint64_t bytes;
  uint8_t block[64];
} holstream_sha256;

void holstream_sha256_begin(holstream_sha256 *digest);
void holstream_sha256_add(holstream_sha256 *digest, const uint8_t *bytes, size_t count);
/// Of everything that was added: 32 bytes.
void holstream_sha256_end(holstream_sha256 *digest, uint8_t *result);
