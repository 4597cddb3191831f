#pragma once
#include <cblas.h>

// LAPACK's Fortran entry points come with Debian's OpenBLAS, their C header does not.

/// All eigenvalues and eigenvectors of a real symmetric matrix by divide and conquer.
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
             const int *lwork, int *iwork, const int *liwork, int *info);

/// All eigenvalues and eigenvectors of a complex Hermitian matrix (interleaved re, im) by divide and conquer.
void zheevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
             const int *lwork, double *rwork, const int *lrwork, int *iwork, const int *liwork, int *info);

/// All eigenvalues and, with compz "I", eigenvectors of a real symmetric tridiagonal matrix by implicit QL.
void dsteqr_(const char *compz, const int *n, double *d, double *e, double *z, const int *ldz, double *work, int *info);

/// Solution of a symmetric positive definite system by Cholesky factorisation.
void dposv_(const char *uplo, const int *n, const int *nrhs, double *a, const int *lda, double *b, const int *ldb,
            int *info);

/// All eigenvalues and right eigenvectors of a general real matrix.
void dgeev_(const char *jobvl, const char *jobvr, const int *n, double *a, const int *lda, double *wr, double *wi,
            double *vl, const int *ldvl, double *vr, const int *ldvr, double *work, const int *lwork, int *info);
