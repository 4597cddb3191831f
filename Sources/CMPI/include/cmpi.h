// The few calls of MPI that a run needs, of whichever library the launcher speaks with: opened while the program runs,
// so that neither building nor an ordinary run knows of it.
//
// There are two binary interfaces. In Open MPI's a handle is the address of an object; in MPICH's, which Intel, Cray and
// MVAPICH share, it is a number of 32 bits. Both fit into an intptr_t, which is passed in the same register.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef intptr_t holstream_mpi_request;

// Opens the library at `path`. Returns NULL, or why it cannot be used.
const char *holstream_mpi_open(const char *path);
// Joins the ranks; calls may then come from any thread, one at a time. Returns NULL, or what failed.
const char *holstream_mpi_join(int *rank, int *count);
// What the library calls itself; at most `size` characters are written, with the closing zero.
void holstream_mpi_version(char *text, size_t size);

// Each returns NULL, or what failed.
const char *holstream_mpi_send(const void *bytes, int count, int peer, int tag, holstream_mpi_request *request);
const char *holstream_mpi_receive(void *bytes, int count, int peer, int tag, holstream_mpi_request *request);
const char *holstream_mpi_test(holstream_mpi_request *request, int *done);
const char *holstream_mpi_probe(int peer, int tag, int *there);
const char *holstream_mpi_leave(void);
// Ends all ranks.
void holstream_mpi_abort(int code);
