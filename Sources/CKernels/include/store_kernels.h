#pragma once

#include <stddef.h>
#include <stdint.h>

// The loops of the trajectory store that are faster in C, and the system calls that Swift's Glibc does not show.

/// Puts the first bytes of all elements first, then all second bytes, and so on (the byte shuffle of Blosc); bytes behind
/// the last whole element are copied.
void holstream_shuffle(const uint8_t *from, uint8_t *to, size_t count, size_t type_size);

/// Undoes holstream_shuffle.
void holstream_unshuffle(const uint8_t *from, uint8_t *to, size_t count, size_t type_size);

/// Rounds floats to `kept` bits of mantissa (0 to 23), to nearest, ties to even; numbers that are not finite stay as they are.
/// The relative error is at most 2^-(kept + 1).
void holstream_round_float(void *values, size_t count, int kept);

/// The same in double precision (0 to 52 bits).
void holstream_round_double(void *values, size_t count, int kept);

/// CRC-32C (RFC 3720) of `count` bytes.
uint32_t holstream_crc32c(const uint8_t *bytes, size_t count);

/// Swaps two names of files or folders in one step. Returns 0, or the error number; ENOSYS where the system cannot.
int holstream_exchange(const char *one, const char *other);

/// Brings everything that was written to the file system of an open file to the disk. Returns 0, or the error number.
int holstream_synchronise(int descriptor);
