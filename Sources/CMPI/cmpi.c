#include "cmpi.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "a request of 32 bits is kept in the low half of an intptr_t"
#endif

// MPI_THREAD_SERIALIZED, the same number in both interfaces.
enum { SERIALISED = 2, VERSION_SIZE = 8192 };

static struct {
  int (*init_thread)(int *, char ***, int, int *);
  int (*comm_rank)(intptr_t, int *);
  int (*comm_size)(intptr_t, int *);
  int (*set_errhandler)(intptr_t, intptr_t);
  int (*isend)(const void *, int, intptr_t, int, int, intptr_t, intptr_t *);
  int (*irecv)(void *, int, intptr_t, int, int, intptr_t, intptr_t *);
  int (*test)(intptr_t *, int *, intptr_t);
  int (*iprobe)(int, int, intptr_t, int *, intptr_t);
  int (*finalize)(void);
  int (*abort)(intptr_t, int);
  int (*error_string)(int, char *, int *);
  int (*version)(char *, int *);
  intptr_t world, byte, errors_return, status_ignore;
} mpi;

// One thread calls at a time.
static char message[1024];

const char *holstream_mpi_open(const char *path) {
  // Its plugins look for its symbols.
  void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
  if (!library) return dlerror();
  const struct {
    const char *name;
    void **place;
  } functions[] = {
      {"MPI_Init_thread", (void **)&mpi.init_thread}, {"MPI_Comm_rank", (void **)&mpi.comm_rank},
      {"MPI_Comm_size", (void **)&mpi.comm_size},     {"MPI_Comm_set_errhandler", (void **)&mpi.set_errhandler},
      {"MPI_Isend", (void **)&mpi.isend},             {"MPI_Irecv", (void **)&mpi.irecv},
      {"MPI_Test", (void **)&mpi.test},               {"MPI_Iprobe", (void **)&mpi.iprobe},
      {"MPI_Finalize", (void **)&mpi.finalize},       {"MPI_Abort", (void **)&mpi.abort},
      {"MPI_Error_string", (void **)&mpi.error_string}, {"MPI_Get_library_version", (void **)&mpi.version},
  };
  for (size_t k = 0; k < sizeof functions / sizeof *functions; k++) {
    *functions[k].place = dlsym(library, functions[k].name);
    if (!*functions[k].place) {
      snprintf(message, sizeof message, "%s has no %s", path, functions[k].name);
      return message;
    }
  }
  void *world = dlsym(library, "ompi_mpi_comm_world");
  if (world) {
    mpi.world = (intptr_t)world;
    mpi.byte = (intptr_t)dlsym(library, "ompi_mpi_byte");
    mpi.errors_return = (intptr_t)dlsym(library, "ompi_mpi_errors_return");
    mpi.status_ignore = 0;
    if (!mpi.byte || !mpi.errors_return) return "it is an Open MPI without ompi_mpi_byte or ompi_mpi_errors_return";
  } else {
    // Numbers of the common interface of MPICH and its relatives, from 2013 on.
    mpi.world = 0x44000000;
    mpi.byte = 0x4c00010d;
    mpi.errors_return = 0x54000001;
    mpi.status_ignore = 1;
  }
  return NULL;
}

static const char *failure(const char *call, int code) {
  if (code == 0) return NULL;
  char text[512] = "";
  int length = 0;
  mpi.error_string(code, text, &length);
  snprintf(message, sizeof message, "%s: %.*s", call, length < 500 ? length : 500, text);
  return message;
}

const char *holstream_mpi_join(int *rank, int *count) {
  int provided = 0;
  int code = mpi.init_thread(NULL, NULL, SERIALISED, &provided);
  if (code) return failure("MPI_Init_thread", code);
  if (provided < SERIALISED) return "the library does not let several threads call it, one at a time";
  if ((code = mpi.set_errhandler(mpi.world, mpi.errors_return))) return failure("MPI_Comm_set_errhandler", code);
  if ((code = mpi.comm_rank(mpi.world, rank))) return failure("MPI_Comm_rank", code);
  return failure("MPI_Comm_size", mpi.comm_size(mpi.world, count));
}

void holstream_mpi_version(char *text, size_t size) {
  static char version[VERSION_SIZE];
  int length = 0;
  if (mpi.version(version, &length)) version[0] = 0;
  snprintf(text, size, "%s", version);
}

const char *holstream_mpi_send(const void *bytes, int count, int peer, int tag, holstream_mpi_request *request) {
  *request = 0;
  return failure("MPI_Isend", mpi.isend(bytes, count, mpi.byte, peer, tag, mpi.world, request));
}

const char *holstream_mpi_receive(void *bytes, int count, int peer, int tag, holstream_mpi_request *request) {
  *request = 0;
  return failure("MPI_Irecv", mpi.irecv(bytes, count, mpi.byte, peer, tag, mpi.world, request));
}

const char *holstream_mpi_test(holstream_mpi_request *request, int *done) {
  return failure("MPI_Test", mpi.test(request, done, mpi.status_ignore));
}

const char *holstream_mpi_probe(int peer, int tag, int *there) {
  return failure("MPI_Iprobe", mpi.iprobe(peer, tag, mpi.world, there, mpi.status_ignore));
}

const char *holstream_mpi_leave(void) { return failure("MPI_Finalize", mpi.finalize()); }

void holstream_mpi_abort(int code) { mpi.abort(mpi.world, code); }
