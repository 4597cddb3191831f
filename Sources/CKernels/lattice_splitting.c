#include "clones.h"
#include "lattice_kernels.h"
#include <math.h>
#include <string.h>

typedef double vector __attribute__((vector_size(64), aligned(8)));
#define LOAD(pointer) (*(const vector *)(pointer))
#define STORE(pointer, value) (*(vector *)(pointer) = (value))
#define INLINE static inline __attribute__((always_inline))

typedef struct {
  long sites, columns, band;
  const holstein_parameters *parameters;
  const double *onsite, *weights;
} shape;

// Rows beyond both ends: φ̃_{a+L} = i^(−L) φ̃_a, which is a sign for even L.
INLINE void extend(const shape *s, double *orbitals) {
  const long width = 2 * s->columns;
  const double sign = s->sites % 4 == 0 ? 1 : -1;
  for (long k = 1; k <= s->band; k++) {
    // One ring further for every L rows, so that a band wider than a short ring is right, too.
    double *before = orbitals - k * width, *after = orbitals + (s->sites + k - 1) * width;
    const double *last = before + s->sites * width, *first = after - s->sites * width;
    for (long c = 0; c < width; c += 8) STORE(after + c, sign * LOAD(first + c));
    for (long c = 0; c < width; c += 8) STORE(before + c, sign * LOAD(last + c));
  }
}

// φ̃'_a = Σ_δ c_δ φ̃_{a+δ}: the hopping for a time τ, and the free oscillators' rotation by K₀ τ.
INLINE void hop(const shape *s, const double *taps, double tau, const double *from, double *to, double *q, double *p) {
  const long width = 2 * s->columns, count = 2 * s->band + 1;
  for (long a = 0; a < s->sites; a++) {
    const double *rows = from + (a - s->band) * width;
    long c = 0;
    for (; c + 32 <= width; c += 32) {
      vector x0 = {0}, x1 = {0}, x2 = {0}, x3 = {0};
      for (long k = 0; k < count; k++) {
        const double *row = rows + k * width + c;
        x0 += taps[k] * LOAD(row);
        x1 += taps[k] * LOAD(row + 8);
        x2 += taps[k] * LOAD(row + 16);
        x3 += taps[k] * LOAD(row + 24);
      }
      double *out = to + a * width + c;
      STORE(out, x0);
      STORE(out + 8, x1);
      STORE(out + 16, x2);
      STORE(out + 24, x3);
    }
    for (; c < width; c += 16) {
      vector x0 = {0}, x1 = {0};
      for (long k = 0; k < count; k++) {
        const double *row = rows + k * width + c;
        x0 += taps[k] * LOAD(row);
        x1 += taps[k] * LOAD(row + 8);
      }
      double *out = to + a * width + c;
      STORE(out, x0);
      STORE(out + 8, x1);
    }
  }
  const double cosine = cos(s->parameters->k0 * tau), sine = sin(s->parameters->k0 * tau);
  for (long a = 0; a < s->sites; a++) {
    const double x = q[a], y = p[a];
    q[a] = cosine * x + sine * y;
    p[a] = cosine * y - sine * x;
  }
}

// φ_a' = e^{i w_a τ} φ_a with w = g Q − V, and P_a' = P_a + τ η g (n_a − n̄): neither changes n or Q.
INLINE void kick(const shape *s, double coupling, double tau, double *orbitals, const double *q, double *p) {
  const long columns = s->columns, width = 2 * columns;
  const double force = tau * s->parameters->eta * coupling;
  for (long a = 0; a < s->sites; a++) {
    const double angle = tau * (coupling * q[a] - (s->onsite ? s->onsite[a] : 0));
    const double cosine = cos(angle), sine = sin(angle);
    double *row = orbitals + a * width;
    vector density = {0};
    for (long m = 0; m < columns; m += 8) {
      const vector re = LOAD(row + m), im = LOAD(row + columns + m);
      density += LOAD(s->weights + m) * (re * re + im * im);
      STORE(row + m, cosine * re - sine * im);
      STORE(row + columns + m, sine * re + cosine * im);
    }
    double n = 0;
    for (int k = 0; k < 8; k++) n += density[k];
    p[a] += force * (n - s->parameters->filling);
  }
}

HOLSTREAM_CLONES(void, holstein_splitting,
                 (long sites, long columns, const holstein_parameters *parameters, const double *onsite,
                  const double *couplings, const holstein_scheme *scheme, double dt, long steps,
                  const double *weights, double *orbitals, double *q, double *p, double *workspace),
                 (sites, columns, parameters, onsite, couplings, scheme, dt, steps, weights, orbitals, q, p,
                  workspace)) {
  const long width = 2 * columns, stages = scheme->stages, count = 2 * scheme->band + 1;
  const shape s = {sites, columns, scheme->band, parameters, onsite, weights};
  const size_t bytes = sizeof(double) * (size_t)(sites * width);
  double *now = workspace + scheme->band * width, *next = now + (sites + 2 * scheme->band) * width;
  memcpy(now, orbitals, bytes);
  double pending = 0, g = parameters->coupling;
  for (long step = 0; step < steps; step++) {
    for (long k = 0; k < stages; k++) {
      if (couplings) g = couplings[step * stages + k];
      kick(&s, g, dt * (scheme->kicks[k] + (k == 0 ? pending : 0)), now, q, p);
      extend(&s, now);
      hop(&s, scheme->taps + k * count, dt * scheme->hops[k], now, next, q, p);
      double *swap = now;
      now = next;
      next = swap;
    }
    // The last kick of a step and the first of the next are one.
    pending = scheme->kicks[stages];
  }
  if (couplings) g = couplings[steps * stages];
  if (steps > 0) kick(&s, g, dt * pending, now, q, p);
  memcpy(orbitals, now, bytes);
}
