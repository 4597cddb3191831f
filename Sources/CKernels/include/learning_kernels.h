#pragma once
#include <stddef.h>
#include <stdint.h>

// Loops of the networks on one lattice.
//
// Layout. A tensor is `channels` planes. A plane holds the L × L sites of the lattice inside a frame of one site, the
// halo: site (i, j) is float (i + 1) * width + (j + 1), width = L + 2. A plane takes `stride` floats, a multiple of 16.
// Pixelwise loops and sums run over `blocks` blocks of 16 floats from `first`, which cover every site and, between the
// rows, some of the halo. Tensors keep at least HOLSTREAM_SLACK(L) readable floats before and after their planes.
//
// Two states of the halo matter. "Periodic": it repeats the opposite edge, as the input of a 3 × 3 convolution must.
// "Zero": it is zero inside the blocks, so that sums over the blocks are sums over the lattice.

typedef struct {
  int32_t sites;   // L
  int32_t width;   // L + 2
  int32_t stride;  // floats from plane to plane
  int32_t first;   // first float of the blocks, a multiple of 16
  int32_t blocks;  // number of blocks of 16 floats
} holstream_planes;

// Output channels that one tile of a convolution computes together, and the length that packed weights are padded to.
#define HOLSTREAM_TILE 8

// How far before and after its planes a tensor may be read.
#define HOLSTREAM_SLACK(sites) (((sites) + 2 + 31) / 16 * 16)

// Floats of the packed weights of a convolution.
static inline size_t holstream_packed_count(int outputs, int inputs, int taps) {
  return (size_t)((outputs + HOLSTREAM_TILE - 1) / HOLSTREAM_TILE) * HOLSTREAM_TILE * (size_t)inputs * (size_t)taps;
}

// Packs w (outputs, inputs, taps) for holstream_convolve.
void holstream_pack(const float *w, int outputs, int inputs, int taps, float *packed);
// Packs the adjoint of w (outputs, inputs, taps): inputs and outputs change places and the taps are turned round.
void holstream_pack_adjoint(const float *w, int outputs, int inputs, int taps, float *packed);

// y[o] = add[o] + bias[o] + sum_i sum_k w[o][i][k] x[i] shifted by tap k. taps is 9 (3 × 3, x periodic) or 1.
// add and bias may be null; add may be y.
void holstream_convolve(const holstream_planes *g, const float *x, int inputs, int taps, const float *packed,
                        const float *bias, const float *add, float *y, int outputs);
// dw[o][i][k] += sum over sites of dy[o] x[i] shifted by tap k. dy has a zero halo.
void holstream_convolve_weights(const holstream_planes *g, const float *x, int inputs, int taps, const float *dy,
                                int outputs, float *dw);
// db[o] += sum over sites of dy[o]. dy has a zero halo.
void holstream_sum_planes(const holstream_planes *g, const float *dy, int channels, float *db);
// Makes the halo periodic.
void holstream_fill_halo(const holstream_planes *g, float *x, int channels);

// y = scale * tanh(gamma * (x - mean) * rstd + beta), mean and rstd over the channels of each site; scale (channels)
// may be null. mean, rstd: one plane each.
void holstream_normalise_tanh(const holstream_planes *g, const float *x, int channels, const float *gamma,
                              const float *beta, const float *scale, float *mean, float *rstd, float *y);
// dx = add + d(loss)/dx with a zero halo; dgamma, dbeta += . sites is 1 on the lattice and 0 on the halo; scratch holds
// 32 * channels floats. add may be null or dx.
void holstream_normalise_tanh_backward(const holstream_planes *g, const float *sites, const float *dy, const float *y,
                                       const float *scale, const float *x, const float *mean, const float *rstd,
                                       const float *gamma, int channels, const float *add, float *dx, float *dgamma,
                                       float *dbeta, float *scratch);
// y = tanh(x); y may be x.
void holstream_tanh(const holstream_planes *g, const float *x, int channels, float *y);
// dx = sites * dy * (1 - y²); dx may be dy.
void holstream_tanh_backward(const holstream_planes *g, const float *sites, const float *dy, const float *y,
                             int channels, float *dx);
// y[i] = tanh(x[i]) for 0 <= i < count.
void holstream_tanh_vector(const float *x, float *y, size_t count);

// A state is 2L² + 2L floats: rho (L, L, 2), Q (L), P (L).
// Planes [Re rho, Im rho, diag Q, diag P] times scale[3] = (rho, Q, P), halo periodic.
void holstream_embed(const holstream_planes *g, const float *state, const float *scale, float *planes);
// dstate += scale * dplanes on the entries that embed writes.
void holstream_embed_backward(const holstream_planes *g, const float *dplanes, const float *scale, float *dstate);
// out = add + scale * planes; add may be null or out.
void holstream_extract(const holstream_planes *g, const float *planes, const float *scale, const float *add,
                       float *out);
// dplanes = scale * dout, zero elsewhere (zero halo).
void holstream_extract_backward(const holstream_planes *g, const float *dout, const float *scale, float *dplanes);

// sums[4] += sum of |label - value|² over the diagonal of rho, the rest of rho, Q and P.
void holstream_squared_errors(int sites, const float *label, const float *value, double *sums);
// gradient[] += coefficient[4] * (value - label), by the same parts.
void holstream_squared_errors_backward(int sites, const float *label, const float *value, const float *coefficient,
                                       float *gradient);

// out = sum of count vectors, in order.
void holstream_add_vectors(float *out, const float *x, size_t count);
double holstream_squared_norm(const float *x, size_t count);
// One step of AdamW (Loshchilov and Hutter 2019); gradients are multiplied by clip first.
void holstream_adamw(float *w, const float *gradient, float *m, float *v, size_t count, float clip, float rate,
                     float beta1, float beta2, float correction1, float correction2, float epsilon, float decay);
