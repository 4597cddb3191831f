#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "store_kernels.h"

int holstream_synchronise(int descriptor) {
#if defined(__linux__)
  return syncfs(descriptor) == 0 ? 0 : errno;
#else
  sync();
  return 0;
#endif
}
