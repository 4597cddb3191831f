#include "arithmetic.h"
#include "clones.h"
#include <stdlib.h>
#include <string.h>

int holstream_level = HOLSTREAM_BASELINE;

#if defined(__x86_64__) && defined(__ELF__)
__attribute__((constructor)) static void choose_level(void) {
  const char *wanted = getenv("HOLSTREAM_ARITHMETIC");
  const int portable = wanted && strcmp(wanted, "portable") == 0;
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("x86-64-v3")) return;
  holstream_level = portable ? HOLSTREAM_UNFUSED : __builtin_cpu_supports("x86-64-v4") ? HOLSTREAM_V4 : HOLSTREAM_V3;
}
#endif

const char *holstream_kernels(void) {
#if defined(__aarch64__)
  return "arm64";
#else
  // The unfused clones have the baseline's bits.
  return holstream_level == HOLSTREAM_V4 ? "x86-64-v4" : holstream_level == HOLSTREAM_V3 ? "x86-64-v3" : "baseline";
#endif
}

int holstream_can_be_portable(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("sse4.2") != 0;
#else
  return 1;
#endif
}
