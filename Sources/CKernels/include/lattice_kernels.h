#pragma once

// The classical fourth-order Runge–Kutta method for the semiclassical Holstein chain, one trajectory at a time.
//
// ρ is Hermitian, so half of it is kept, by diagonals: r_d[a] = ρ_{a, a+d} for d = 0 … L/2, indices modulo L. In this
// form the commutator with the hopping is a stencil of four neighbours along contiguous rows:
//
//   dr_d[a]/dt = i t (r_{d+1}[a−1] + r_{d−1}[a+1] − r_{d−1}[a] − r_{d+1}[a]) + i (w_a − w_{a+d}) r_d[a],   w = g Q − V
//   dQ_a/dt = K₀ P_a,     dP_a/dt = η g (n_a − n̄) − K₀ Q_a
//
// Real and imaginary parts are separate planes of (L/2 + 1) rows; a row is `holstein_row` doubles long with element 0 at
// offset 8, so that the periodic neighbours on both sides can be read without a branch. With 1 lane a row holds the sites
// of one trajectory, with 8 lanes eight trajectories are interleaved site by site; each has the same bits in both.

typedef struct {
  double hopping, coupling, k0, eta, filling;
} holstein_parameters;

/// Doubles in one row of a plane.
static inline long holstein_row(long sites, long lanes) { return 16 + (lanes * sites + 7) / 8 * 8; }

/// Doubles in one packed state: two planes and two rows (Q, P).
static inline long holstein_state_size(long sites, long lanes) {
  return (2 * (sites / 2 + 1) + 2) * holstein_row(sites, lanes);
}

/// Doubles of workspace, zero at first: the last rows of three stages and of the sum, four doubled rows of w, two
/// turned rows.
static inline long holstein_workspace_size(long sites, long lanes) { return 50 * holstein_row(sites, lanes); }

/// Packs ρ (L, L, 2), Q (L), P (L) of one trajectory; of ρ the entries ρ_{a, a+d} with d ≤ L/2 are taken.
void holstein_pack(long sites, long lanes, long lane, const double *rho, const double *q, const double *p,
                   double *state);

/// The inverse; the other half of ρ is filled by Hermiticity.
void holstein_unpack(long sites, long lanes, long lane, const double *state, double *rho, double *q, double *p);

/// Advances `state` by `steps` steps of length `dt`.
/// lanes: 1 or 8.
/// couplings: g at the start, middle and end of each step (3 per step), or null for a constant one.
/// onsite: V (L), or null.
void holstein_rk4(long sites, long lanes, const holstein_parameters *parameters, const double *onsite,
                  const double *couplings, double dt, long steps, double *state, double *workspace);

// Splitting methods, on orbitals: ρ_ab = Σ_m f_m φ_m(a) φ_m(b)*. The hopping alone and the rest alone are solved exactly,
// so ρ keeps its spectrum. With φ̃_m(a) = i^(−a) φ_m(a) the hopping's propagator is a real convolution:
//
//   φ̃_m(a, τ) = Σ_δ (−1)^δ J_δ(2 t τ) φ̃_m(a + δ)
//
// Orbitals lie site by site: a row is the real parts of all columns (m), then the imaginary parts; columns are padded to
// a multiple of 8 with zero weight.

/// kick(kicks[0]) hop(hops[0]) kick(kicks[1]) … hop(hops[stages−1]) kick(kicks[stages]), in units of the step.
/// taps: (stages, 2 band + 1), the convolution of each hop, offsets −band … band.
typedef struct {
  long stages, band;
  const double *kicks, *hops, *taps;
} holstein_scheme;

/// Doubles of workspace: two sets of orbitals with `band` rows beyond both ends.
static inline long holstein_splitting_workspace_size(long sites, long columns, long band) {
  return 4 * columns * (sites + 2 * band);
}

/// Advances orbitals (L, 2, columns), Q (L) and P (L) by `steps` steps.
/// couplings: g at each kick (stages per step and one at the end), or null.
void holstein_splitting(long sites, long columns, const holstein_parameters *parameters, const double *onsite,
                        const double *couplings, const holstein_scheme *scheme, double dt, long steps,
                        const double *weights, double *orbitals, double *q, double *p, double *workspace);
