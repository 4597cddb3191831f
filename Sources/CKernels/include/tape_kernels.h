#pragma once
#include <stddef.h>
#include <stdint.h>

// Loops of the gradient tape.
//
// A tensor is contiguous, last axis fastest. Where a loop has `rows` and `period`, the second operand (or the result of
// a sum) has `period` floats and is used again for each of the rows: count = rows * period. Backward loops add to what
// is there.

// Functions of one number. The order is that of Swift's ElementwiseFunction.
enum {
  HOLSTREAM_TANH,
  HOLSTREAM_SIGMOID,
  HOLSTREAM_RELU,
  HOLSTREAM_STEP,
  HOLSTREAM_SOFTPLUS,
  HOLSTREAM_GELU,
  HOLSTREAM_SIN,
  HOLSTREAM_COS,
  HOLSTREAM_EXP,
  HOLSTREAM_SQRT,
  HOLSTREAM_RSQRT,
  HOLSTREAM_SILU,
};

// y = f(x).
void holstream_tape_function(int32_t f, const float *x, float *y, size_t count);
// dx += dy f'(x), where y = f(x).
void holstream_tape_function_backward(int32_t f, const float *x, const float *y, const float *dy, float *dx,
                                      size_t count);

// z = x + factor y.
void holstream_tape_add(const float *x, const float *y, float factor, float *z, size_t rows, size_t period);
// z = x y.
void holstream_tape_multiply(const float *x, const float *y, float *z, size_t rows, size_t period);
// z = scale x + shift.
void holstream_tape_affine(const float *x, float scale, float shift, float *z, size_t count);

// y += factor x.
void holstream_tape_accumulate(float factor, const float *x, float *y, size_t count);
// z += x y.
void holstream_tape_accumulate_product(const float *x, const float *y, float *z, size_t rows, size_t period);
// y[j] += factor * sum over rows of x[r][j]. Sums in double precision over blocks in single.
void holstream_tape_accumulate_rows(float factor, const float *x, float *y, size_t rows, size_t period);
// z[j] += sum over rows of x[r][j] y[r][j].
void holstream_tape_accumulate_product_rows(const float *x, const float *y, float *z, size_t rows, size_t period);

// y[o][i] = scale * sum over k of x[o][k][i], or += where accumulate is not zero.
void holstream_tape_reduce(const float *x, float scale, float *y, size_t outer, size_t count, size_t inner,
                           int32_t accumulate);
// The adjoint: y[o][k][i] = scale x[o][i].
void holstream_tape_expand(const float *x, float scale, float *y, size_t outer, size_t count, size_t inner,
                           int32_t accumulate);

// y[r][j] = x[r][j] for j < width, rows x_stride and y_stride floats apart.
void holstream_tape_columns(const float *x, size_t x_stride, float *y, size_t y_stride, size_t width, size_t rows,
                            int32_t accumulate);

// y[b][e] = weights[e] x[b][table[e]] for vectors of `channels` floats; no weights are ones.
void holstream_tape_gather(const float *x, const int32_t *table, const float *weights, float *y, size_t batch,
                           size_t entries, size_t nodes, size_t channels, int32_t accumulate);
// The adjoint: y[b][table[e]] += weights[e] x[b][e], in the order of the entries.
void holstream_tape_scatter(const float *x, const int32_t *table, const float *weights, float *y, size_t batch,
                            size_t entries, size_t nodes, size_t channels);

// y = (x - mean) rstd over each row of n, rstd = 1 / sqrt(variance + epsilon).
void holstream_tape_normalise(const float *x, float epsilon, float *y, float *rstd, size_t rows, size_t n);
// dx += rstd (dy - <dy> - y <dy y>), <.> the mean over the row.
void holstream_tape_normalise_backward(const float *dy, const float *y, const float *rstd, float *dx, size_t rows,
                                       size_t n);

// sum of w (x - t)²; no w are ones.
double holstream_tape_squared_error(const float *x, const float *t, const float *w, size_t rows, size_t period);
// dx += factor w (x - t).
void holstream_tape_squared_error_backward(const float *x, const float *t, const float *w, float factor, float *dx,
                                           size_t rows, size_t period);
// dw[j] += factor * sum over rows of (x - t)².
void holstream_tape_squared_error_weights(const float *x, const float *t, float factor, float *dw, size_t rows,
                                          size_t period);

// c = op(a) op(b), or c += op(a) op(b), for row-major c (m, n); op(a) is (m, k) and op(b) (k, n), each transposed where
// asked for. Each element is summed in the order of k, so that its bits depend on no other size.
void holstream_tape_product(const float *a, int32_t transposed_a, const float *b, int32_t transposed_b, float *c,
                            size_t m, size_t k, size_t n, int32_t accumulate);

// y (count, n) = f(bias + x own + mean around) for x and mean (count, k), own and around (k, n): all of a layer in one pass,
// the sums in registers until they are stored. Without bias and without mean (and around) where they are null; f is relu
// where `rectifies`, else nothing. n is 1 and k a multiple of 16, or n is a multiple of 16; k n is what the first cache
// holds. y must not overlap what is read.
void holstream_tape_layer(const float *x, const float *mean, const float *own, const float *around, const float *bias,
                          int32_t rectifies, float *y, size_t count, size_t k, size_t n);

// y[s] = factor * sum over the nearest neighbours j of site s of x[j], or += where accumulate is not zero: vectors of
// `channels` floats on a periodic lattice of rows * columns sites, for the `count` sites from `first` on. y begins with
// site `first`. A lattice of one row is a ring where `axes` is 1: two neighbours; with two axes there are four.
void holstream_tape_neighbour_sum(const float *x, float factor, float *y, size_t first, size_t count, size_t rows,
                                  size_t columns, size_t channels, int32_t axes, int32_t accumulate);
// dx = dy f'(x) by y = f(x) alone: tanh or relu.
void holstream_tape_function_adjoint(int32_t f, const float *y, const float *dy, float *dx, size_t count);

// For each of `modes` pairs of a real and an imaginary part, y (2, outputs) = x (2, inputs) w as complex numbers, with
// w (modes, 2, inputs, outputs).
void holstream_tape_spectral_mix(const float *x, const float *w, float *y, size_t modes, size_t inputs, size_t outputs);
// dx = dy times the conjugate transpose of w.
void holstream_tape_spectral_inputs(const float *dy, const float *w, float *dx, size_t modes, size_t inputs,
                                    size_t outputs);
// dw += the conjugate of x times dy.
void holstream_tape_spectral_weights(const float *x, const float *dy, float *dw, size_t modes, size_t inputs,
                                     size_t outputs);
