#pragma once
#include <stddef.h>
#include <stdint.h>

// Loops of the networks on one lattice.
//
// Layout. A tensor is `channels` planes of the L × L lattice, `stride` floats apart, a multiple of 16. Pixelwise loops
// and sums run over `blocks` blocks of 16 floats from `first`, which cover every site. There are two kinds of planes.
//
// Rows (edge = 0), for any L: the lattice inside a frame of one site, the halo. Site (i, j) is float
// (i + 1) * width + (j + 1), width = L + 2; between the rows the blocks cover some of the halo. Two states of the halo
// matter. "Periodic": it repeats the opposite edge, as the input of a 3 × 3 convolution must. "Zero": it is zero inside
// the blocks, so that sums over the blocks are sums over the lattice. Tensors keep at least HOLSTREAM_SLACK(L) readable
// floats before and after their planes.
//
// Lanes (edge = L / 4), for L a multiple of 16: the lattice is cut into 4 × 4 blocks of edge × edge sites, and the lane
// of a vector is its block. Site (i, j) is float 16 * ((i % edge) * edge + j % edge) + (i / edge) * 4 + j / edge. There
// is no halo, so that it is always periodic and always zero; neighbours are whole vectors, but at the blocks' edges.

typedef struct {
  int32_t sites;   // L
  int32_t width;   // L + 2
  int32_t stride;  // floats from plane to plane
  int32_t first;   // first float of the blocks, a multiple of 16
  int32_t blocks;  // number of blocks of 16 floats
  int32_t edge;    // L / 4 in lanes, 0 in rows
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

// The same three for planes in lanes, 3 × 3 only, by Winograd's algorithm.
//
// Packed weights hold holstream_packed_count(outputs, inputs, 36) floats. The gradient of the weights is summed over any
// number of calls in transformed form, holstream_winograd_sums_count floats, and brought back once at the end.
static inline size_t holstream_winograd_sums_count(int inputs, int outputs) {
  const int low = inputs < outputs ? inputs : outputs, high = inputs < outputs ? outputs : inputs;
  return 36 * (size_t)((low + 7) / 8 * 8) * (size_t)((high + 15) / 16 * 16);
}
// Vectors of tiles that one pass of a convolution takes: as many as let its transformed input stay in the second cache,
// or, where the weights are transformed on the way, as many as make that worth while.
static inline int holstream_winograd_chunk(const holstream_planes *g, int inputs, int compact) {
  const int tiles = g->blocks / 16, most = compact ? 4 : inputs >= 256 ? 1 : 256 / inputs;
  return most < tiles ? most : tiles;
}
// Floats of the transformed input of one pass, and of the scratch memory beside it for any number of outputs.
static inline size_t holstream_winograd_planes_count(const holstream_planes *g, int inputs, int compact) {
  return 36 * 16 * ((size_t)inputs * (size_t)holstream_winograd_chunk(g, inputs, compact) + 1);
}
static inline size_t holstream_winograd_product_count(const holstream_planes *g, int inputs, int compact) {
  return 36 * 16 * (2 * HOLSTREAM_TILE * (size_t)holstream_winograd_chunk(g, inputs, compact) + 1)
         + (compact ? 72 * ((size_t)inputs * HOLSTREAM_TILE + 16) : 0);
}
// Floats of scratch memory of one weight gradient with at most `channels` inputs and outputs.
static inline size_t holstream_winograd_weights_count(const holstream_planes *g, int channels) {
  const size_t planes = (size_t)((channels + 15) / 16 * 16);
  return 36 * 2 * ((size_t)g->blocks * planes + 16) + 16 * (size_t)g->blocks * planes;
}
void holstream_winograd_pack(const float *w, int outputs, int inputs, float *packed);
void holstream_winograd_pack_adjoint(const float *w, int outputs, int inputs, float *packed);
// y = add + bias + w * x. With compact set, packed is what holstream_pack gives for nine taps: the weights are
// transformed on the way, which is faster than reading four times as many numbers when they do not fit into the cache.
// scratch: planes_count and product_count floats.
void holstream_winograd_convolve(const holstream_planes *g, const float *x, int inputs, const float *packed,
                                 int compact, const float *bias, const float *add, float *y, int outputs,
                                 float *scratch);
// The same in two parts that several cores may share, for `count` of the edge² / 16 tiles of every block from `first`
// on: the channels begin ..< end of x into v (36, inputs, count, 16), and from all of v the outputs of the pairs of tiles
// of channels begin ..< end, of which there are HOLSTREAM_PAIRS(outputs).
#define HOLSTREAM_PAIRS(outputs) (((outputs) + 2 * HOLSTREAM_TILE - 1) / (2 * HOLSTREAM_TILE))
void holstream_winograd_transform(const holstream_planes *g, const float *x, int inputs, int begin, int end, int first,
                                  int count, float *v);
void holstream_winograd_multiply(const holstream_planes *g, const float *v, int inputs, const float *packed,
                                 int compact, const float *bias, const float *add, float *y, int outputs, int begin,
                                 int end, int first, int count, float *scratch);
// sums += the transformed sum over sites of dy[o] x[i] shifted; = with fresh set.
void holstream_winograd_weights(const holstream_planes *g, const float *x, int inputs, const float *dy, int outputs,
                                int fresh, float *sums, float *scratch);
// dw (outputs, inputs, 9) += what sums says.
void holstream_winograd_finish(const float *sums, int inputs, int outputs, float *dw);

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

// y = bias + x w for row-major w (inputs, outputs), of which there are a multiple of 16; y is none of the others.
void holstream_dense(const float *x, const float *w, const float *bias, float *y, size_t inputs, size_t outputs);

// c = a b for complex n × n matrices of two planes, real and imaginary parts, (2, n, n); c is none of the others.
void holstream_complex_product(int n, const float *a, const float *b, float *c);

// average += (1 - keep) (w - average).
void holstream_average(float *average, const float *w, size_t count, float keep);

// out[i] += x[i] for 0 <= i < count.
void holstream_add_vectors(float *out, const float *x, size_t count);
double holstream_squared_norm(const float *x, size_t count);
// One step of AdamW (Loshchilov and Hutter 2019); gradients are multiplied by clip first.
void holstream_adamw(float *w, const float *gradient, float *m, float *v, size_t count, float clip, float rate,
                     float beta1, float beta2, float correction1, float correction2, float epsilon, float decay);

// x += deviation * independent normal numbers of mean 0 and variance 1: the words of the generator CounterRandom from its
// block number `block` on, 64 numbers to every 16 blocks.
void holstream_add_normals(uint64_t seed, uint32_t purpose, uint32_t trajectory, uint32_t step, uint32_t block,
                           float deviation, float *x, size_t count);
