#include "clones.h"
#include "lattice_kernels.h"
#include <string.h>

// One source serves both layouts. Along a row lie sites; the next site is `lanes` doubles on. With 1 lane a row is one
// trajectory's and a register holds eight neighbouring sites; with 8 lanes a register holds one site of eight
// trajectories, so that every load is aligned. Both do the same operations on every number: the bits are the same.
//
// The four stages of a step go over the diagonals together, as a wave: while stage 1 is at diagonal d, stage 2 is at
// d − 1, stage 3 at d − 2 and stage 4 at d − 3. What a stage hands to the next is then a few rows that stay in the
// first-level cache, and the state itself is read once and written once a step, whatever L is.

// Eight doubles: one register of AVX-512, two of AVX2, four of SSE2 or NEON.
typedef double vector __attribute__((vector_size(64), aligned(8)));
#define OFFSET 8
#define LOAD(pointer) (*(const vector *)(pointer))
#define STORE(pointer, value) (*(vector *)(pointer) = (value))
#define INLINE static inline __attribute__((always_inline))

// Rows of a stage's output that are alive at once: d − 1, d and d + 1, and one more to make it a power of two.
#define RING 4

// The rows that hold one stage's state: the state itself, or a ring of its last rows.
typedef struct {
  double *re, *im, *q, *p;
  long mask;  // row d is at (d & mask)
} rows;

typedef struct {
  long sites, lanes, half, stride;
  const holstein_parameters *parameters;
  const double *onsite;
} shape;

// What one stage does with its derivative k at the state `at`: next ← base + ahead·k, and sum ← sum₀ + weight·k.
typedef struct {
  rows at, base, sum_before, sum, next;
  double coupling, weight, ahead;
  double *w;
} stage;

INLINE double *row_of(const shape *s, double *plane, long mask, long d) {
  return plane + (d & mask) * s->stride + OFFSET;
}

INLINE void wrap_row(const shape *s, double *x) {
  const long n = s->sites * s->lanes;
  if (s->lanes == 8) {
    STORE(x - 8, LOAD(x + n - 8));
    STORE(x + n, LOAD(x));
  } else {
    x[-1] = x[n - 1];
    // One register's worth, because a loop here becomes a call of memcpy, and there are many short rows.
    if (n >= 8)
      STORE(x + n, LOAD(x));
    else
      for (long k = n; k < s->stride - OFFSET - 7; k++) x[k] = x[k - n];
  }
}

// Macros, because a vector argument would change the calling convention between the clones.
#define UPDATE(plane, d, i, derivative, last)                                            \
  do {                                                                                   \
    const vector k = (derivative);                                                       \
    const double *before = row_of(s, g->sum_before.plane, g->sum_before.mask, d) + (i);  \
    STORE(row_of(s, g->sum.plane, g->sum.mask, d) + (i), LOAD(before) + g->weight * k);  \
    if (!(last)) {                                                                       \
      const double *base = row_of(s, g->base.plane, g->base.mask, d) + (i);              \
      STORE(row_of(s, g->next.plane, g->next.mask, d) + (i), LOAD(base) + g->ahead * k); \
    }                                                                                    \
  } while (0)

// Row d = 0 with everything that belongs to single sites.
INLINE void first_row(const shape *s, const stage *g, int last) {
  const long n = s->sites * s->lanes, step = s->lanes;
  const double t = s->parameters->hopping, k0 = s->parameters->k0;
  const double force = s->parameters->eta * g->coupling, filling = s->parameters->filling;
  const double *q = g->at.q + OFFSET, *p = g->at.p + OFFSET;

  // w = g Q − V, and once more half around the ring.
  double *w = g->w;
  if (s->onsite)
    for (long a = 0; a < s->sites; a++)
      for (long lane = 0; lane < step; lane++) w[a * step + lane] = g->coupling * q[a * step + lane] - s->onsite[a];
  else
    for (long i = 0; i < n; i++) w[i] = g->coupling * q[i];
  for (long i = n; i < 2 * n + 8; i++) w[i] = w[i - n];

  // The density: dn_a/dt = 2 t (Im r_1[a] − Im r_1[a−1]); its imaginary part is and stays zero.
  const double *im1 = row_of(s, g->at.im, g->at.mask, 1);
  const double *density = row_of(s, g->at.re, g->at.mask, 0);
  double *zero = row_of(s, g->next.im, g->next.mask, 0);
  // dQ/dt = K₀ P, dP/dt = η g (n − n̄) − K₀ Q.
  for (long i = 0; i < n; i += 8) {
    const vector dn = (2 * t) * (LOAD(im1 + i) - LOAD(im1 + i - step));
    const vector dq = k0 * LOAD(p + i);
    const vector dp = force * (LOAD(density + i) - filling) - k0 * LOAD(q + i);
    const long at = OFFSET + i;
    if (!last) {
      STORE(g->next.q + at, LOAD(g->base.q + at) + g->ahead * dq);
      STORE(g->next.p + at, LOAD(g->base.p + at) + g->ahead * dp);
      STORE(zero + i, (vector){0});
    }
    STORE(g->sum.q + at, LOAD(g->sum_before.q + at) + g->weight * dq);
    STORE(g->sum.p + at, LOAD(g->sum_before.p + at) + g->weight * dp);
    UPDATE(re, 0, i, dn, last);
  }
}

// Between: both neighbouring diagonals are rows of the planes.
INLINE void middle_row(const shape *s, const stage *g, long d, int last) {
  const long n = s->sites * s->lanes, step = s->lanes;
  const double t = s->parameters->hopping;
  const double *re_d = row_of(s, g->at.re, g->at.mask, d), *im_d = row_of(s, g->at.im, g->at.mask, d);
  const double *re_up = row_of(s, g->at.re, g->at.mask, d + 1), *im_up = row_of(s, g->at.im, g->at.mask, d + 1);
  const double *re_down = row_of(s, g->at.re, g->at.mask, d - 1), *im_down = row_of(s, g->at.im, g->at.mask, d - 1);
  const double *w = g->w, *w_d = g->w + d * step;
  // With eight lanes the neighbour that one site reads is the next site's own: it stays in its register.
  vector re_left = LOAD(re_up - step), im_left = LOAD(im_up - step), re_own = LOAD(re_down), im_own = LOAD(im_down);
  for (long i = 0; i < n; i += 8) {
    if (step == 1) {
      re_left = LOAD(re_up + i - 1);
      im_left = LOAD(im_up + i - 1);
      re_own = LOAD(re_down + i);
      im_own = LOAD(im_down + i);
    }
    const vector re_above = LOAD(re_up + i), im_above = LOAD(im_up + i);
    const vector re_right = LOAD(re_down + i + step), im_right = LOAD(im_down + i + step);
    const vector hop_re = (re_left - re_above) + (re_right - re_own);
    const vector hop_im = (im_left - im_above) + (im_right - im_own);
    const vector phase = LOAD(w + i) - LOAD(w_d + i);
    UPDATE(re, d, i, -(t * hop_im + phase * LOAD(im_d + i)), last);
    UPDATE(im, d, i, t * hop_re + phase * LOAD(re_d + i), last);
    re_left = re_above;
    im_left = im_above;
    re_own = re_right;
    im_own = im_right;
  }
}

// d = L/2: the diagonal above is the conjugate of the one below, r_{h+1}[a] = conj r_{h−1}[a+h+1].
INLINE void last_row(const shape *s, const stage *g, double *turned_re, int last) {
  const long d = s->half, n = s->sites * s->lanes, step = s->lanes, turn = d * step;
  const double t = s->parameters->hopping;
  const double *re_d = row_of(s, g->at.re, g->at.mask, d), *im_d = row_of(s, g->at.im, g->at.mask, d);
  const double *re_down = row_of(s, g->at.re, g->at.mask, d - 1), *im_down = row_of(s, g->at.im, g->at.mask, d - 1);
  const double *w = g->w, *w_d = g->w + turn;
  // Both rows below, turned by half the ring, so that r_{h+1}[a−1] and r_{h+1}[a] are neighbours in them.
  double *turned_im = turned_re + s->stride;
  memcpy(turned_re, re_down + turn, sizeof(double) * (size_t)turn);
  memcpy(turned_re + turn, re_down, sizeof(double) * (size_t)(turn + step));
  memcpy(turned_im, im_down + turn, sizeof(double) * (size_t)turn);
  memcpy(turned_im + turn, im_down, sizeof(double) * (size_t)(turn + step));
  for (long i = 0; i < n; i += 8) {
    const vector hop_re =
        (LOAD(turned_re + i) - LOAD(turned_re + i + step)) + (LOAD(re_down + i + step) - LOAD(re_down + i));
    const vector hop_im =
        (LOAD(turned_im + i + step) - LOAD(turned_im + i)) + (LOAD(im_down + i + step) - LOAD(im_down + i));
    const vector phase = LOAD(w + i) - LOAD(w_d + i);
    UPDATE(re, d, i, -(t * hop_im + phase * LOAD(im_d + i)), last);
    UPDATE(im, d, i, t * hop_re + phase * LOAD(re_d + i), last);
  }
}

INLINE void run_row(const shape *s, const stage *g, long d, double *turned, int last) {
  if (d < 0 || d > s->half) return;
  if (d == 0)
    first_row(s, g, last);
  else if (d < s->half)
    middle_row(s, g, d, last);
  else
    last_row(s, g, turned, last);
  const rows *written = last ? &g->sum : &g->next;
  wrap_row(s, row_of(s, written->re, written->mask, d));
  wrap_row(s, row_of(s, written->im, written->mask, d));
}

INLINE rows ring_in(const shape *s, double *memory) {
  const long plane = RING * s->stride;
  return (rows){memory, memory + plane, memory + 2 * plane, memory + 2 * plane + s->stride, RING - 1};
}

INLINE void integrate(long sites, long lanes, const holstein_parameters *parameters, const double *onsite,
                      const double *couplings, double dt, long steps, double *state, double *workspace) {
  const long half = sites / 2, stride = holstein_row(sites, lanes), plane = (half + 1) * stride;
  const shape s = {sites, lanes, half, stride, parameters, onsite};
  const rows y = {state, state + plane, state + 2 * plane, state + 2 * plane + stride, ~0L};
  const long ring = (2 * RING + 2) * stride;
  const rows y1 = ring_in(&s, workspace), y2 = ring_in(&s, workspace + ring), y3 = ring_in(&s, workspace + 2 * ring);
  const rows sum = ring_in(&s, workspace + 3 * ring);
  double *w = workspace + 4 * ring, *turned = w + 4 * 2 * stride;
  double g[3] = {parameters->coupling, parameters->coupling, parameters->coupling};
  for (long step = 0; step < steps; step++) {
    if (couplings) memcpy(g, couplings + 3 * step, sizeof g);
    // y' = y + dt/6 (k₁ + 2 k₂ + 2 k₃ + k₄)
    const stage s1 = {y, y, y, sum, y1, g[0], dt / 6, dt / 2, w};
    const stage s2 = {y1, y, sum, sum, y2, g[1], dt / 3, dt / 2, w + 2 * stride};
    const stage s3 = {y2, y, sum, sum, y3, g[1], dt / 3, dt, w + 4 * stride};
    const stage s4 = {y3, y, sum, y, y, g[2], dt / 6, 0, w + 6 * stride};
    for (long d = 0; d <= half + 3; d++) {
      run_row(&s, &s1, d, turned, 0);
      run_row(&s, &s2, d - 1, turned, 0);
      run_row(&s, &s3, d - 2, turned, 0);
      run_row(&s, &s4, d - 3, turned, 1);
    }
  }
}

HOLSTREAM_CLONES(void, holstein_rk4,
                 (long sites, long lanes, const holstein_parameters *parameters, const double *onsite,
                  const double *couplings, double dt, long steps, double *state, double *workspace),
                 (sites, lanes, parameters, onsite, couplings, dt, steps, state, workspace)) {
  if (lanes == 8)
    integrate(sites, 8, parameters, onsite, couplings, dt, steps, state, workspace);
  else
    integrate(sites, 1, parameters, onsite, couplings, dt, steps, state, workspace);
}

void holstein_pack(long sites, long lanes, long lane, const double *rho, const double *q, const double *p,
                   double *state) {
  const long stride = holstein_row(sites, lanes), half = sites / 2, plane = (half + 1) * stride;
  const shape s = {sites, lanes, half, stride, 0, 0};
  for (long d = 0; d <= half; d++) {
    double *re = state + d * stride + OFFSET, *im = re + plane;
    for (long a = 0; a < sites; a++) {
      const double *entry = rho + 2 * (a * sites + (a + d) % sites);
      re[a * lanes + lane] = entry[0];
      im[a * lanes + lane] = d == 0 ? 0 : entry[1];
    }
    wrap_row(&s, re);
    wrap_row(&s, im);
  }
  double *q_row = state + 2 * plane + OFFSET, *p_row = q_row + stride;
  for (long a = 0; a < sites; a++) {
    q_row[a * lanes + lane] = q[a];
    p_row[a * lanes + lane] = p[a];
  }
}

void holstein_unpack(long sites, long lanes, long lane, const double *state, double *rho, double *q, double *p) {
  const long stride = holstein_row(sites, lanes), half = sites / 2, plane = (half + 1) * stride;
  for (long d = 0; d <= half; d++) {
    for (long a = 0; a < sites; a++) {
      long b = (a + d) % sites;
      const double *at = state + d * stride + OFFSET + a * lanes + lane;
      double re = at[0], im = at[plane];
      if (d == half && b < a) continue;  // r_h[a+h] repeats r_h[a]; one of the two speaks, so that ρ stays Hermitian.
      double *entry = rho + 2 * (a * sites + b), *mirrored = rho + 2 * (b * sites + a);
      entry[0] = mirrored[0] = re;
      entry[1] = im;
      mirrored[1] = d == 0 ? im : -im;
    }
  }
  const double *q_row = state + 2 * plane + OFFSET, *p_row = q_row + stride;
  for (long a = 0; a < sites; a++) {
    q[a] = q_row[a * lanes + lane];
    p[a] = p_row[a * lanes + lane];
  }
}
