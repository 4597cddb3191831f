#pragma once
#include <stddef.h>
#include <stdint.h>

// Loops of readouts that are fitted in closed form, in double precision.

// values[k] = x[k] for the first `inputs`, then values[parents[k]] x[factors[k]]: products, each by one of a factor fewer.
void holstream_products(const int32_t *parents, const int32_t *factors, const double *x, double *values, size_t inputs,
                        size_t count);

// The lower triangle of g (columns, columns) += xᵀ x for x (rows, columns). For few columns, where a library's packing
// costs more than the product; entries above the diagonal are overwritten with anything up to the end of their vector.
void holstream_gram(const double *x, size_t rows, size_t columns, double *g);

// Σ a b.
double holstream_dot(const double *a, const double *b, size_t count);
