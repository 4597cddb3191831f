#pragma once
#include <stdint.h>

// Piecewise linear recurrent networks, a sequence at a time.
//
// M = latent, N = observed <= M, T = steps. S = the stride of rows: H rounded up to a multiple of 16 for a shallow
// network, M for an almost linear one; what fills a row up is zero.
typedef struct {
  // 1 for the shallow network z' = a z + W1 [relu(W2 z + h2) - relu(W2 z)] + h1, 0 for the almost linear one
  // z' = a z + W phi(z) + h, where phi is relu on the last `rectified` units.
  int32_t shallow;
  int32_t latent, observed, rectified, stride;
} holstream_plrnn;

// Weights and their gradients, as they lie:
//   shallow: a (M), h1 (M), h2 (S), w1 (M, S), w2 (M, S), the latter transposed;
//   almost linear: a (S), h (S), w (M, S), transposed: row k is what unit k adds to all.
int32_t holstream_plrnn_count(const holstream_plrnn *net);

// One step: next (M) of z (M). Scratch has S floats; next may not be z.
void holstream_plrnn_step(const holstream_plrnn *net, const float *weights, const float *z, float *next, float *scratch);

// T steps from z0 (M), in which the observed units before step t > 0 are (1 - alpha_t) z + alpha_t x_t, x (T + 1, N), where
// alpha_t = alpha, or with an interval of forcing 1 at its multiples and else 0.
//   inputs (T, M) what each step began with, outputs (T, M) what it gave.
void holstream_plrnn_forward(const holstream_plrnn *net, const float *weights, const float *z0, const float *x,
                             int32_t steps, float alpha, int32_t interval, float *inputs, float *outputs,
                             float *scratch);

// Adds the gradient of factor / 2 Σ |outputs_t - x_{t+1}|² over the observed units to `gradient`, and writes that with
// respect to z0 (M). Scratch has M + S floats.
void holstream_plrnn_backward(const holstream_plrnn *net, const float *weights, const float *x, int32_t steps,
                              float alpha, int32_t interval, const float *inputs, const float *outputs, float factor,
                              float *gradient, float *dz0, float *scratch);

// The Jacobian (M, M) of a step at z, row by row: entry (i, k) is dz'_i / dz_k. Scratch has 2 S floats.
void holstream_plrnn_jacobian(const holstream_plrnn *net, const float *weights, const float *z, float *jacobian,
                              float *scratch);
