#include "clones.h"
#include "learning_kernels.h"
#include "learning_vector.h"

#pragma clang fp contract(fast)

void holstream_pack(const float *w, int outputs, int inputs, int taps, float *packed) {
  for (int o0 = 0; o0 < outputs; o0 += HOLSTREAM_TILE)
    for (int i = 0; i < inputs; i++)
      for (int k = 0; k < taps; k++)
        for (int o = o0; o < o0 + HOLSTREAM_TILE; o++)
          *packed++ = o < outputs ? w[((size_t)o * inputs + i) * taps + k] : 0;
}

void holstream_pack_adjoint(const float *w, int outputs, int inputs, int taps, float *packed) {
  for (int i0 = 0; i0 < inputs; i0 += HOLSTREAM_TILE)
    for (int o = 0; o < outputs; o++)
      for (int k = 0; k < taps; k++)
        for (int i = i0; i < i0 + HOLSTREAM_TILE; i++)
          *packed++ = i < inputs ? w[((size_t)o * inputs + i) * taps + (taps - 1 - k)] : 0;
}

// Float offset of tap k from the site it belongs to.
INLINE int offset(const holstream_planes *g, int taps, int k) {
  return taps == 1 ? 0 : (k / 3 - 1) * g->width + (k % 3 - 1);
}

// M output channels of V blocks of sites: M × V accumulators that stay in registers while inputs and taps run.
INLINE void tile(const int M, const int V, const int taps, const holstream_planes *g, const float *restrict x,
                 int inputs, const float *restrict w, const float *bias, const float *add, float *y, int channels) {
  v16 acc[8][4];
#pragma clang loop unroll(full)
  for (int m = 0; m < M; m++)
#pragma clang loop unroll(full)
    for (int v = 0; v < V; v++) acc[m][v] = SPLAT(0);
  for (int i = 0; i < inputs; i++) {
#pragma clang loop unroll(full)
    for (int k = 0; k < taps; k++) {
      const float *p = x + offset(g, taps, k);
      v16 b[4];
#pragma clang loop unroll(full)
      for (int v = 0; v < V; v++) b[v] = LOAD(p + 16 * v);
#pragma clang loop unroll(full)
      for (int m = 0; m < M; m++) {
        const v16 a = SPLAT(w[m]);
#pragma clang loop unroll(full)
        for (int v = 0; v < V; v++) acc[m][v] += a * b[v];
      }
      w += HOLSTREAM_TILE;
    }
    x += g->stride;
  }
#pragma clang loop unroll(full)
  for (int m = 0; m < M; m++) {
    if (m < channels) {
      const v16 c = SPLAT(bias ? bias[m] : 0);
#pragma clang loop unroll(full)
      for (int v = 0; v < V; v++) {
        const size_t at = (size_t)m * g->stride + 16 * v;
        STORE(y + at, acc[m][v] + c + (add ? LOAD(add + at) : SPLAT(0)));
      }
    }
  }
}

INLINE void convolve(const int M, const int taps, const holstream_planes *g, const float *x, int inputs,
                     const float *w, const float *bias, const float *add, float *y, int channels) {
  int b = 0;
  for (; b + 3 <= g->blocks; b += 3)
    tile(M, 3, taps, g, x + 16 * b, inputs, w, bias, add ? add + 16 * b : 0, y + 16 * b, channels);
  for (; b < g->blocks; b++)
    tile(M, 1, taps, g, x + 16 * b, inputs, w, bias, add ? add + 16 * b : 0, y + 16 * b, channels);
}

HOLSTREAM_WIDE(void, holstream_convolve,
               (const holstream_planes *g, const float *x, int inputs, int taps, const float *packed,
                const float *bias, const float *add, float *y, int outputs),
               (g, x, inputs, taps, packed, bias, add, y, outputs)) {
  for (int o = 0; o < outputs; o += HOLSTREAM_TILE) {
    const int channels = outputs - o < HOLSTREAM_TILE ? outputs - o : HOLSTREAM_TILE;
    const float *w = packed + (size_t)o * inputs * taps;
    const float *c = bias ? bias + o : 0;
    const size_t at = (size_t)o * g->stride + g->first;
    const float *a = add ? add + at : 0;
    if (taps == 9 && channels > 4)
      convolve(8, 9, g, x + g->first, inputs, w, c, a, y + at, channels);
    else if (taps == 9)
      convolve(4, 9, g, x + g->first, inputs, w, c, a, y + at, channels);
    else if (channels > 4)
      convolve(8, 1, g, x + g->first, inputs, w, c, a, y + at, channels);
    else
      convolve(4, 1, g, x + g->first, inputs, w, c, a, y + at, channels);
  }
}

// dw of M output channels and the K taps of one row of the kernel, for one input channel.
INLINE void weights_tile(const int M, const int K, const holstream_planes *g, const float *x, const float *dy,
                         float *dw, size_t row) {
  v16 acc[8][3];
#pragma clang loop unroll(full)
  for (int m = 0; m < M; m++)
#pragma clang loop unroll(full)
    for (int k = 0; k < K; k++) acc[m][k] = SPLAT(0);
  for (int b = 0; b < g->blocks; b++) {
    v16 in[3];
#pragma clang loop unroll(full)
    for (int k = 0; k < K; k++) in[k] = LOAD(x + 16 * b + k);
#pragma clang loop unroll(full)
    for (int m = 0; m < M; m++) {
      const v16 d = LOAD(dy + (size_t)m * g->stride + 16 * b);
#pragma clang loop unroll(full)
      for (int k = 0; k < K; k++) acc[m][k] += d * in[k];
    }
  }
#pragma clang loop unroll(full)
  for (int m = 0; m < M; m++)
#pragma clang loop unroll(full)
    for (int k = 0; k < K; k++) dw[m * row + k] += sum(&acc[m][k]);
}

HOLSTREAM_WIDE(void, holstream_convolve_weights,
               (const holstream_planes *g, const float *x, int inputs, int taps, const float *dy, int outputs,
                float *dw),
               (g, x, inputs, taps, dy, outputs, dw)) {
  const size_t row = (size_t)inputs * taps;
  for (int o = 0; o < outputs;) {
    const int m = outputs - o >= 8 ? 8 : outputs - o >= 4 ? 4 : 1;
    const float *d = dy + (size_t)o * g->stride + g->first;
    for (int i = 0; i < inputs; i++) {
      const float *in = x + (size_t)i * g->stride + g->first;
      float *out = dw + (size_t)o * row + (size_t)i * taps;
      if (taps == 1) {
        if (m == 8) weights_tile(8, 1, g, in, d, out, row);
        else if (m == 4) weights_tile(4, 1, g, in, d, out, row);
        else weights_tile(1, 1, g, in, d, out, row);
        continue;
      }
      for (int r = 0; r < 3; r++) {
        const float *line = in + (r - 1) * g->width - 1;
        if (m == 8) weights_tile(8, 3, g, line, d, out + 3 * r, row);
        else if (m == 4) weights_tile(4, 3, g, line, d, out + 3 * r, row);
        else weights_tile(1, 3, g, line, d, out + 3 * r, row);
      }
    }
    o += m;
  }
}

HOLSTREAM_WIDE(void, holstream_sum_planes,
               (const holstream_planes *g, const float *dy, int channels, float *db),
               (g, dy, channels, db)) {
  for (int c = 0; c < channels; c++) {
    const float *d = dy + (size_t)c * g->stride + g->first;
    v16 s = SPLAT(0);
    for (int b = 0; b < g->blocks; b++) s += LOAD(d + 16 * b);
    db[c] += sum(&s);
  }
}

void holstream_fill_halo(const holstream_planes *g, float *x, int channels) {
  if (g->edge) return;
  const int L = g->sites, W = g->width;
  for (int c = 0; c < channels; c++) {
    float *p = x + (size_t)c * g->stride;
    for (int i = 1; i <= L; i++) {
      p[i * W] = p[i * W + L];
      p[i * W + L + 1] = p[i * W + 1];
    }
    for (int j = 0; j < W; j++) {
      p[j] = p[L * W + j];
      p[(L + 1) * W + j] = p[W + j];
    }
  }
}
