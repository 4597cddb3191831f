#pragma once

// The classical fourth-order Runge–Kutta method for the semiclassical Holstein chain, one trajectory at a time.
//
// ρ is Hermitian, so half of it is kept, by diagonals: r_d[a] = ρ_{a, a+d} for d = 0 … L/2, indices modulo L. In this
// form the commutator with the hopping is a stencil of four neighbours along contiguous rows:
//
//   dr_d[a]/dt = i t (r_{d+1}[a−1] + r_{d−1}[a+1] − r_{d−1}[a] − r_{d+1}[a]) + i (w_a − w_{a+d}) r_d[a],   w = g Q − V
//   dQ_a/dt = K₀ P_a,     dP_a/dt = η g (n_a − n̄) − K₀ Q_a
//
// Real and imaginary parts are separate planes of (L/2 + 1) rows; a row is `holstein_row(L)` doubles long with element 0
// at offset 8, so that the periodic neighbours on both sides can be read without a branch.

typedef struct {
  double hopping, coupling, k0, eta, filling;
} holstein_parameters;

/// Doubles in one row of a plane.
static inline long holstein_row(long sites) { return 16 + (sites + 7) / 8 * 8; }

/// Doubles in one packed state: two planes and two rows (Q, P).
static inline long holstein_state_size(long sites) { return (2 * (sites / 2 + 1) + 2) * holstein_row(sites); }

/// Doubles of workspace: three more states, a doubled row of w and two turned rows.
static inline long holstein_workspace_size(long sites) {
  return 3 * holstein_state_size(sites) + 4 * holstein_row(sites) + sites;
}

/// Packs ρ (L, L, 2), Q (L), P (L); of ρ the entries ρ_{a, a+d} with d ≤ L/2 are taken.
void holstein_pack(long sites, const double *rho, const double *q, const double *p, double *state);

/// The inverse; the other half of ρ is filled by Hermiticity.
void holstein_unpack(long sites, const double *state, double *rho, double *q, double *p);

/// Advances `state` by `steps` steps of length `dt`.
/// couplings: g at the start, middle and end of each step (3 per step), or null for a constant one.
/// onsite: V (L), or null.
void holstein_rk4(long sites, const holstein_parameters *parameters, const double *onsite, const double *couplings,
                  double dt, long steps, double *state, double *workspace);
