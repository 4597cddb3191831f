#include "clones.h"
#include "lattice_kernels.h"
#include <string.h>

// Eight doubles: one register of AVX-512, two of AVX2, four of SSE2 or NEON.
typedef double vector __attribute__((vector_size(64), aligned(8)));
#define OFFSET 8
#define LOAD(pointer) (*(const vector *)(pointer))
#define STORE(pointer, value) (*(vector *)(pointer) = (value))

static inline __attribute__((always_inline)) void wrap_row(double *row, long sites, long stride) {
  double *x = row + OFFSET;
  x[-1] = x[sites - 1];
  // One register's worth, because a loop here becomes a call of memcpy, and there are many short rows.
  if (sites >= 8)
    STORE(x + sites, LOAD(x));
  else
    for (long k = sites; k < stride - OFFSET - 7; k++) x[k] = x[k - sites];
}

// What one stage does with its derivative k: next ← base + ahead·k, and sum ← sum₀ + weight·k.
typedef struct {
  const double *at;    // the state at which the derivative is taken
  const double *base;  // the state at the beginning of the step
  const double *sum_before;
  double *sum, *next;
  double weight, ahead;
} stage;

// A macro, because a vector argument would change the calling convention between the clones.
#define UPDATE(s, at, derivative)                                                           \
  do {                                                                                      \
    const vector k = (derivative);                                                          \
    STORE((s)->sum + (at), LOAD((s)->sum_before + (at)) + (s)->weight * k);                 \
    if ((s)->next) STORE((s)->next + (at), LOAD((s)->base + (at)) + (s)->ahead * k);        \
  } while (0)

static inline __attribute__((always_inline)) void run_stage(long sites, const holstein_parameters *parameters,
                                                            const double *onsite, double coupling, const stage *s,
                                                            double *w) {
  const long stride = holstein_row(sites), half = sites / 2, plane = (half + 1) * stride;
  const double *re = s->at, *im = s->at + plane, *q = s->at + 2 * plane, *p = q + stride;
  const double t = parameters->hopping, force = parameters->eta * coupling, k0 = parameters->k0;

  for (long a = 0; a < sites; a++) w[a] = coupling * q[OFFSET + a] - (onsite ? onsite[a] : 0);
  for (long a = sites; a < 2 * sites + 8; a++) w[a] = w[a - sites];

  // d = 0: the density. dn_a/dt = 2 t (Im r_1[a] − Im r_1[a−1]); its imaginary part is and stays zero.
  const double *im1 = im + stride + OFFSET;
  for (long a = 0; a < sites; a += 8) {
    UPDATE(s, OFFSET + a, (2 * t) * (LOAD(im1 + a) - LOAD(im1 + a - 1)));
  }

  // Between: both neighbouring diagonals are rows of the planes.
  for (long d = 1; d < half; d++) {
    const double *re_d = re + d * stride + OFFSET, *im_d = im + d * stride + OFFSET;
    const double *re_up = re_d + stride, *im_up = im_d + stride, *re_down = re_d - stride, *im_down = im_d - stride;
    const double *w_d = w + d;
    const long row = d * stride + OFFSET;
    for (long a = 0; a < sites; a += 8) {
      vector hop_re = (LOAD(re_up + a - 1) - LOAD(re_up + a)) + (LOAD(re_down + a + 1) - LOAD(re_down + a));
      vector hop_im = (LOAD(im_up + a - 1) - LOAD(im_up + a)) + (LOAD(im_down + a + 1) - LOAD(im_down + a));
      vector phase = LOAD(w + a) - LOAD(w_d + a);
      UPDATE(s, row + a, -(t * hop_im + phase * LOAD(im_d + a)));
      UPDATE(s, plane + row + a, t * hop_re + phase * LOAD(re_d + a));
    }
  }

  // d = L/2: the diagonal above is the conjugate of the one below, r_{h+1}[a] = conj r_{h−1}[a+h+1].
  {
    const double *re_d = re + half * stride + OFFSET, *im_d = im + half * stride + OFFSET;
    const double *re_down = re_d - stride, *im_down = im_d - stride;
    const long row = half * stride + OFFSET;
    // Both rows below, turned by half the ring, so that r_{h+1}[a−1] and r_{h+1}[a] are neighbours in them.
    double *turned_re = w + 2 * holstein_row(sites) + sites, *turned_im = turned_re + stride;
    memcpy(turned_re, re_down + half, sizeof(double) * (size_t)half);
    memcpy(turned_re + half, re_down, sizeof(double) * (size_t)(half + 1));
    memcpy(turned_im, im_down + half, sizeof(double) * (size_t)half);
    memcpy(turned_im + half, im_down, sizeof(double) * (size_t)(half + 1));
    for (long a = 0; a < sites; a += 8) {
      vector hop_re =
          (LOAD(turned_re + a) - LOAD(turned_re + a + 1)) + (LOAD(re_down + a + 1) - LOAD(re_down + a));
      vector hop_im =
          (LOAD(turned_im + a + 1) - LOAD(turned_im + a)) + (LOAD(im_down + a + 1) - LOAD(im_down + a));
      vector phase = LOAD(w + a) - LOAD(w + half + a);
      UPDATE(s, row + a, -(t * hop_im + phase * LOAD(im_d + a)));
      UPDATE(s, plane + row + a, t * hop_re + phase * LOAD(re_d + a));
    }
  }

  for (long a = 0; a < sites; a += 8) {
    UPDATE(s, 2 * plane + OFFSET + a, k0 * LOAD(p + OFFSET + a));
    UPDATE(s, 2 * plane + stride + OFFSET + a,
           force * (LOAD(re + OFFSET + a) - parameters->filling) - k0 * LOAD(q + OFFSET + a));
  }

  double *written = s->next ? s->next : s->sum;
  for (long row = 0; row < 2 * (half + 1); row++) wrap_row(written + row * stride, sites, stride);
}

HOLSTREAM_CLONES
void holstein_rk4(long sites, const holstein_parameters *parameters, const double *onsite, const double *couplings,
                  double dt, long steps, double *state, double *workspace) {
  const long size = holstein_state_size(sites);
  double *first = workspace, *second = first + size, *sum = second + size, *w = sum + size;
  const long plane = (sites / 2 + 1) * holstein_row(sites);
  for (int k = 0; k < 3; k++) memset(workspace + k * size + plane, 0, sizeof(double) * (size_t)holstein_row(sites));
  double g[3] = {parameters->coupling, parameters->coupling, parameters->coupling};
  for (long step = 0; step < steps; step++) {
    if (couplings) memcpy(g, couplings + 3 * step, sizeof g);
    // y' = y + dt/6 (k₁ + 2 k₂ + 2 k₃ + k₄)
    stage s1 = {state, state, state, sum, first, dt / 6, dt / 2};
    run_stage(sites, parameters, onsite, g[0], &s1, w);
    stage s2 = {first, state, sum, sum, second, dt / 3, dt / 2};
    run_stage(sites, parameters, onsite, g[1], &s2, w);
    stage s3 = {second, state, sum, sum, first, dt / 3, dt};
    run_stage(sites, parameters, onsite, g[1], &s3, w);
    stage s4 = {first, state, sum, state, 0, dt / 6, 0};
    run_stage(sites, parameters, onsite, g[2], &s4, w);
  }
}

void holstein_pack(long sites, const double *rho, const double *q, const double *p, double *state) {
  const long stride = holstein_row(sites), half = sites / 2, plane = (half + 1) * stride;
  memset(state, 0, sizeof(double) * (size_t)holstein_state_size(sites));
  for (long d = 0; d <= half; d++) {
    for (long a = 0; a < sites; a++) {
      const double *entry = rho + 2 * (a * sites + (a + d) % sites);
      state[d * stride + OFFSET + a] = entry[0];
      state[plane + d * stride + OFFSET + a] = d == 0 ? 0 : entry[1];
    }
    wrap_row(state + d * stride, sites, stride);
    wrap_row(state + plane + d * stride, sites, stride);
  }
  memcpy(state + 2 * plane + OFFSET, q, sizeof(double) * (size_t)sites);
  memcpy(state + 2 * plane + stride + OFFSET, p, sizeof(double) * (size_t)sites);
}

void holstein_unpack(long sites, const double *state, double *rho, double *q, double *p) {
  const long stride = holstein_row(sites), half = sites / 2, plane = (half + 1) * stride;
  for (long d = 0; d <= half; d++) {
    for (long a = 0; a < sites; a++) {
      long b = (a + d) % sites;
      double re = state[d * stride + OFFSET + a], im = state[plane + d * stride + OFFSET + a];
      if (d == half && b < a) continue;  // r_h[a+h] repeats r_h[a]; one of the two speaks, so that ρ stays Hermitian.
      double *entry = rho + 2 * (a * sites + b), *mirrored = rho + 2 * (b * sites + a);
      entry[0] = mirrored[0] = re;
      entry[1] = im;
      mirrored[1] = d == 0 ? im : -im;
    }
  }
  memcpy(q, state + 2 * plane + OFFSET, sizeof(double) * (size_t)sites);
  memcpy(p, state + 2 * plane + stride + OFFSET, sizeof(double) * (size_t)sites);
}
