#pragma once
#include <stddef.h>
#include <stdint.h>

#include "clones.h"
#include "learning_vector.h"

#pragma clang fp contract(fast)

// Blocks of matrix products that stay in registers, and how numbers are turned over.

// Blocks have as many rows as leave registers for one row of the second matrix: HIGH by two vectors where a register holds
// a whole vector, else LOW by one.
enum { HIGH = 12, LOW = 6, WIDE = 32 };
#define ALL _Pragma("clang loop unroll(full)")

// sums += rows of a times a panel of b, one or two vectors wide, whose rows are `stride` floats apart.
INLINE void add_products(const int rows, const int vectors, const float *a, size_t a_row, size_t a_column,
                         const float *b, size_t stride, size_t depth, v16 sums[HIGH][2]) {
  for (size_t p = 0; p < depth; p++, a += a_column, b += stride) {
    v16 right[2];
    ALL for (int v = 0; v < vectors; v++) right[v] = LOAD(b + 16 * v);
    ALL for (int r = 0; r < rows; r++) {
      const v16 f = SPLAT(a[r * a_row]);
      ALL for (int v = 0; v < vectors; v++) sums[r][v] += f * right[v];
    }
  }
}

// Rows of c, one or two vectors wide, += those of a times a panel of b, whose rows are `stride` floats apart.
INLINE void block(const int rows, const int vectors, const float *a, size_t a_row, size_t a_column, const float *b,
                  size_t stride, float *c, size_t c_row, size_t depth, int32_t add) {
  v16 sums[HIGH][2];
  ALL for (int r = 0; r < rows; r++)
    ALL for (int v = 0; v < vectors; v++) sums[r][v] = add ? LOAD(c + r * c_row + 16 * v) : SPLAT(0);
  add_products(rows, vectors, a, a_row, a_column, b, stride, depth, sums);
  ALL for (int r = 0; r < rows; r++)
    ALL for (int v = 0; v < vectors; v++) STORE(c + r * c_row + 16 * v, sums[r][v]);
}

// Sixteen numbers of each of `rows` rows turned over. Whole vectors are stored, in order: where `to_row` is less than a
// vector the next one covers what is too much of the one before, and the last goes beyond.
INLINE void turn(const int rows, const float *from, size_t from_row, float *to, size_t to_row) {
  v16 x[16], y[16];
#define EACH16 ALL for (int i = 0; i < 16; i++)
  EACH16 x[i] = LOAD(from + (size_t)(i < rows ? i : rows - 1) * from_row);
  // Four rounds: blocks of eight, four, two and one change places.
#define ROUND(FROM, TO, STEP, LOWER, UPPER)                                       \
  EACH16 if (!(i & STEP)) {                                                       \
    TO[i] = __builtin_shufflevector(FROM[i], FROM[i | STEP], LOWER);              \
    TO[i | STEP] = __builtin_shufflevector(FROM[i], FROM[i | STEP], UPPER);       \
  }
#define L8 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define U8 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
#define L4 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27
#define U4 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31
#define L2 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define U2 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#define L1 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30
#define U1 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31
  ROUND(x, y, 8, L8, U8)
  ROUND(y, x, 4, L4, U4)
  ROUND(x, y, 2, L2, U2)
  ROUND(y, x, 1, L1, U1)
  EACH16 STORE(to + i * to_row, x[i]);
}
