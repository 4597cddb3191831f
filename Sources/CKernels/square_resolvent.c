#include "clones.h"
#include "square_kernels.h"
#include <math.h>
#include <string.h>

// Eight poles at once, a lane each: an element of a matrix is two vectors, real and imaginary parts.
//
// Symmetric matrices are kept in their lower triangle. To sweep the variables K of a matrix A is to put
//   A_IJ − A_IK P A_KJ,   A_IK P,   −P     with P = (A_KK)⁻¹
// in the places of A_IJ, A_IK and A_KK: after all own variables of a front are swept it holds minus their inverse, the
// coupling to its boundary times it, and the Schur complement, which goes to the parent. No pivots are chosen: imaginary
// parts of one sign keep every one of them away from 0.
typedef double vector __attribute__((vector_size(64), aligned(64)));
typedef struct { vector re, im; } element;
#define INLINE static inline __attribute__((always_inline))
#define WIDE(type, name, parameters, arguments) \
  HOLSTREAM_CLONES_WITH(__attribute__((min_vector_width(512))), type, name, parameters, arguments)

enum { TILE = 3, PANEL = 8 };
enum mode { ASSIGN, SUBTRACT, SUBTRACT_FROM };

// A matrix by its first element and the elements from row to row and from column to column.
typedef struct {
  const element *first;
  long row, column;
} view;

// A tile of C ∘ A Bᵀ.
INLINE void tile(int rows, int columns, long depth, view a, view b, element *c, long stride, enum mode mode) {
  vector re[TILE][TILE], im[TILE][TILE];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (int j = 0; j < columns; j++) re[i][j] = im[i][j] = (vector){0};
  }
  for (long k = 0; k < depth; k++) {
    const element *x = a.first + k * a.column, *y = b.first + k * b.column;
#pragma clang loop unroll(full)
    for (int j = 0; j < columns; j++) {
      const vector yre = y[j * b.row].re, yim = y[j * b.row].im;
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; i++) {
        const vector xre = x[i * a.row].re, xim = x[i * a.row].im;
        re[i][j] += xre * yre;
        re[i][j] -= xim * yim;
        im[i][j] += xre * yim;
        im[i][j] += xim * yre;
      }
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (int j = 0; j < columns; j++) {
      element *to = c + i * stride + j;
      to->re = mode == ASSIGN ? re[i][j] : mode == SUBTRACT ? to->re - re[i][j] : re[i][j] - to->re;
      to->im = mode == ASSIGN ? im[i][j] : mode == SUBTRACT ? to->im - im[i][j] : im[i][j] - to->im;
    }
  }
}

// C ∘ A Bᵀ, (rows, columns); where `lower`, of tiles that reach the lower triangle alone.
INLINE void multiply(long rows, long columns, long depth, view a, view b, element *c, long stride, enum mode mode,
                     int lower) {
  for (long i = 0; i < rows; i += TILE) {
    const long height = rows - i < TILE ? rows - i : TILE;
    const view x = {a.first + i * a.row, a.row, a.column};
    for (long j = 0; j < columns && (!lower || j < i + height); j += TILE) {
      const long width = columns - j < TILE ? columns - j : TILE;
      const view y = {b.first + j * b.row, b.row, b.column};
      element *to = c + i * stride + j;
      switch (height * 4 + width) {
        case 15: tile(3, 3, depth, x, y, to, stride, mode); break;
        case 14: tile(3, 2, depth, x, y, to, stride, mode); break;
        case 13: tile(3, 1, depth, x, y, to, stride, mode); break;
        case 11: tile(2, 3, depth, x, y, to, stride, mode); break;
        case 10: tile(2, 2, depth, x, y, to, stride, mode); break;
        case 9: tile(2, 1, depth, x, y, to, stride, mode); break;
        case 7: tile(1, 3, depth, x, y, to, stride, mode); break;
        case 6: tile(1, 2, depth, x, y, to, stride, mode); break;
        default: tile(1, 1, depth, x, y, to, stride, mode); break;
      }
    }
  }
}

// P ← P⁻¹ for a small symmetric matrix kept whole; |det|² of each lane times and its exponents into `log`.
INLINE void invert(long n, element *p, double *log) {
  for (long k = 0; k < n; k++) {
    const vector re = p[k * n + k].re, im = p[k * n + k].im, size = re * re + im * im;
    if (log) {
      for (int lane = 0; lane < 8; lane++) log[lane] += 0.5 * __builtin_log(size[lane]);
    }
    const element inverse = {re / size, ((vector){0} - im) / size};
    p[k * n + k] = (element){(vector){0} + 1.0, (vector){0}};
    for (long j = 0; j < n; j++) {
      const vector x = p[k * n + j].re, y = p[k * n + j].im;
      p[k * n + j].re = x * inverse.re - y * inverse.im;
      p[k * n + j].im = x * inverse.im + y * inverse.re;
    }
    for (long i = 0; i < n; i++) {
      if (i == k) continue;
      const vector x = p[i * n + k].re, y = p[i * n + k].im;
      p[i * n + k] = (element){(vector){0}, (vector){0}};
      for (long j = 0; j < n; j++) {
        const vector u = p[k * n + j].re, v = p[k * n + j].im;
        p[i * n + j].re -= x * u - y * v;
        p[i * n + j].im -= x * v + y * u;
      }
    }
  }
}

// Sweeps the first `own` variables of a front (n, n).
INLINE void sweep(long n, long own, element *f, element *workspace, double *log) {
  element *w = workspace, *v = w + n * PANEL, *p = v + n * PANEL;
  for (long first = 0; first < own; first += PANEL) {
    const long width = own - first < PANEL ? own - first : PANEL;
    for (long i = 0; i < n; i++) {
      for (long k = 0; k < width; k++) {
        const long column = first + k;
        w[i * width + k] = i >= column ? f[i * n + column] : f[column * n + i];
      }
    }
    memcpy(p, w + first * width, sizeof(element) * (size_t)(width * width));
    invert(width, p, log);
    // P is symmetric, so that its rows are its columns.
    const view panel = {w, width, 1}, inverse = {p, width, 1};
    multiply(n, width, width, panel, inverse, v, width, ASSIGN, 0);
    memset(w + first * width, 0, sizeof(element) * (size_t)(width * width));
    const view turned = {v, width, 1};
    multiply(n, n, width, panel, turned, f, n, SUBTRACT, 1);
    for (long i = 0; i < n; i++) {
      for (long k = 0; k < width; k++) {
        const long column = first + k;
        if (i >= first && i < first + width) {
          const element x = p[(i - first) * width + k];
          f[i * n + column] = (element){(vector){0} - x.re, (vector){0} - x.im};
        } else if (i > column) {
          f[i * n + column] = v[i * width + k];
        } else {
          f[column * n + i] = v[i * width + k];
        }
      }
    }
  }
}

// A front's own numbers: H − z on its variables, and what its children left.
INLINE void assemble(const holstream_front *fronts, const int *indices, long number, double hopping,
                     const double *onsite, double mu, const vector *heights, element *memory) {
  const holstream_front *front = fronts + number;
  const long n = front->own + front->boundary;
  element *f = memory + front->place;
  for (long i = 0; i < n; i++) memset(f + i * n, 0, sizeof(element) * (size_t)(i + 1));
  const int *sites = indices + front->sites;
  for (long i = 0; i < front->own; i++) {
    f[i * n + i].re = (vector){0} + (onsite[sites[i]] - mu);
    f[i * n + i].im = (vector){0} - *heights;
  }
  const int *bonds = indices + front->bonds;
  for (long k = 0; k < front->bond_count; k++) f[bonds[2 * k] * n + bonds[2 * k + 1]].re -= hopping;
  for (int child = 0; child < 2; child++) {
    if (front->children[child] < 0) continue;
    const holstream_front *from = fronts + front->children[child];
    const long m = from->own + from->boundary;
    const int *map = indices + from->map;
    const element *s = memory + from->place + from->own * (m + 1);
    for (long i = 0; i < from->boundary; i++) {
      for (long j = 0; j <= i; j++) {
        const long a = map[i] > map[j] ? map[i] : map[j], b = map[i] > map[j] ? map[j] : map[i];
        f[a * n + b].re += s[i * m + j].re;
        f[a * n + b].im += s[i * m + j].im;
      }
    }
  }
}

// The inverse on a front's variables in the place of the swept front, from its parent's.
INLINE void unfold(const holstream_front *fronts, const int *indices, long number, element *memory,
                   element *workspace) {
  const holstream_front *front = fronts + number;
  const long own = front->own, u = front->boundary, n = own + u;
  const int is_leaf = front->children[0] < 0 && front->children[1] < 0;
  element *f = memory + front->place, *z = workspace, *y = workspace + u * u;
  if (front->parent >= 0) {
    const holstream_front *parent = fronts + front->parent;
    const long m = parent->own + parent->boundary;
    const element *from = memory + parent->place;
    const int *map = indices + front->map;
    for (long i = 0; i < u; i++) {
      for (long j = 0; j <= i; j++) {
        const element x = map[i] > map[j] ? from[map[i] * m + map[j]] : from[map[j] * m + map[i]];
        z[i * u + j] = x;
        z[j * u + i] = x;
        // For the children.
        if (!is_leaf) f[(own + i) * n + own + j] = x;
      }
    }
  }
  // Y = X Z_uu; Z_ss = A⁻¹ + Y Xᵀ; Z_us = −Yᵀ. The coupling X lies in the rows of the boundary.
  const view x = {f + own * n, 1, n}, zuu = {z, 1, u};
  multiply(own, u, u, x, zuu, y, u, ASSIGN, 0);
  const view rows = {y, u, 1};
  if (is_leaf) {
    // Of a leaf the diagonal is enough.
    for (long i = 0; i < own; i++) {
      vector re = {0};
      for (long k = 0; k < u; k++) {
        const element a = y[i * u + k], b = f[(own + k) * n + i];
        re += a.re * b.re - a.im * b.im;
      }
      f[i * n + i].re = re - f[i * n + i].re;
    }
    return;
  }
  multiply(own, own, u, rows, x, f, n, SUBTRACT_FROM, 1);
  for (long i = 0; i < u; i++) {
    for (long j = 0; j < own; j++) {
      f[(own + i) * n + j] = (element){(vector){0} - y[j * u + i].re, (vector){0} - y[j * u + i].im};
    }
  }
}

WIDE(void, holstream_square_resolvent,
     (long count, const holstream_front *fronts, const int *indices, double hopping, const double *onsite, double mu,
      const double *heights, const double *weights, double *density, double *logarithms, double *memory,
      double *workspace),
     (count, fronts, indices, hopping, onsite, mu, heights, weights, density, logarithms, memory, workspace)) {
  element *fs = (element *)memory, *ws = (element *)workspace;
  vector y, c;
  for (int lane = 0; lane < 8; lane++) {
    y[lane] = heights[lane];
    c[lane] = weights[lane];
  }
  for (long k = 0; k < count; k++) {
    assemble(fronts, indices, k, hopping, onsite, mu, &y, fs);
    sweep(fronts[k].own + fronts[k].boundary, fronts[k].own, fs + fronts[k].place, ws, logarithms);
  }
  for (long k = count - 1; k >= 0; k--) {
    unfold(fronts, indices, k, fs, ws);
    const long n = fronts[k].own + fronts[k].boundary;
    const int *sites = indices + fronts[k].sites;
    for (long i = 0; i < fronts[k].own; i++) {
      const vector x = c * fs[fronts[k].place + i * n + i].re;
      density[sites[i]] -= ((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7]));
    }
  }
}
