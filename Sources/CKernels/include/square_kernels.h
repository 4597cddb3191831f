#pragma once

// Electrons on a periodic square lattice of L × L sites, site i = y L + x: H_ij = −t between neighbours, H_ii = V_i.
//
// The density is n_i = ½ − Σ_p c_p Re [(H − μ − i y_p)⁻¹]_ii with the poles of a rational approximation to the Fermi
// function, all on one line above μ. Sites or poles lie in the lanes of a vector: a number is 8 doubles.

#define HOLSTREAM_SQUARE_LANES 8

/// Sites of the open window of (2 radius + 1)² around a site.
static inline long holstream_window_size(long radius) { return (2 * radius + 1) * (2 * radius + 1); }

/// Doubles of workspace for holstream_window_tridiagonals.
static inline long holstream_window_workspace(long radius) {
  const long n = holstream_window_size(radius);
  return HOLSTREAM_SQUARE_LANES * (n * (n + 1) / 2 + 3 * n);
}

/// H in the open windows around 8 sites, each as a tridiagonal matrix whose first vector is the centre (Householder's
/// reduction, which leaves the first vector alone).
/// onsite: V (L²).
/// centres: the sites (8).
/// diagonal, squares: (n, 8); squares[k] is the square of the element beside diagonal[k], 0 in the last row.
void holstream_window_tridiagonals(long sites, long radius, double hopping, const double *onsite,
                                   const long *centres, double *diagonal, double *squares, double *workspace);

/// The density at the centres of 8 windows, and its derivative by μ: continued fractions at the poles.
/// heights, weights: y_p and c_p (poles).
/// density, slope: (8).
void holstream_window_density(long n, const double *diagonal, const double *squares, double mu, long poles,
                              const double *heights, const double *weights, double *density, double *slope);

/// One front of the elimination of H − z over the lattice, children before parents: its own variables are eliminated, its
/// boundary is what couples to them and to all that was eliminated below.
typedef struct {
  long own, boundary;
  /// Of the parent, −1 for the root; of the children, −1 for none.
  long parent, children[2];
  /// First element of the front's matrix in memory, (own + boundary)² elements.
  long place;
  /// In the indices: the sites of the own variables; bonds as pairs of local numbers, the larger first; the places of the
  /// boundary in the parent's front.
  long sites, bonds, bond_count, map;
} holstream_front;

/// Doubles of one element of a front: 8 poles, real and imaginary parts.
#define HOLSTREAM_FRONT_ELEMENT 16

/// Doubles of workspace for fronts of at most `most` variables.
static inline long holstream_front_workspace(long most) {
  return HOLSTREAM_FRONT_ELEMENT * (most * most + 16 * most + 64);
}

/// density[i] −= Σ_p c_p Re [(H − μ − i y_p)⁻¹]_ii for 8 poles.
/// heights, weights: y_p and c_p (8); lanes that are not needed have weight 0 and any height above 0.
/// density: (L²).
/// logarithms: (8), ln |det (H − μ − i y_p)| is added; or null.
/// memory, workspace: aligned to 64 bytes.
void holstream_square_resolvent(long count, const holstream_front *fronts, const int *indices, double hopping,
                                const double *onsite, double mu, const double *heights, const double *weights,
                                double *density, double *logarithms, double *memory, double *workspace);
