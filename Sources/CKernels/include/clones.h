#pragma once

// One source, three machine codes: of a function that is defined as
//
//   HOLSTREAM_CLONES(double, holstream_sum, (const double *x, size_t count), (x, count)) { … }
//
// the body is compiled for each of the levels of x86-64, and holstream_sum calls the clone of `holstream_level`. Helpers
// in the body must be inlined always, to be cloned with it. Elsewhere (arm64) there is one machine code.
//
// The loader could choose, too (target_clones), but before the program can say that it wants the portable ones.
#if defined(__x86_64__) && defined(__ELF__)
#define HOLSTREAM_V3_FEATURES "avx,avx2,bmi,bmi2,crc32,cx16,f16c,fma,lzcnt,movbe,popcnt,sahf,sse4.2,xsave"
#define HOLSTREAM_V3 __attribute__((target(HOLSTREAM_V3_FEATURES)))
#define HOLSTREAM_V4 __attribute__((target(HOLSTREAM_V3_FEATURES ",avx512f,avx512bw,avx512cd,avx512dq,avx512vl")))
#define HOLSTREAM_CLONES_WITH(attributes, type, name, parameters, arguments)                                  \
  static inline __attribute__((always_inline)) type name##_body parameters;                                   \
  attributes HOLSTREAM_V4 static type name##_v4 parameters {                     \
    return name##_body arguments;                                                                             \
  }                                                                                                           \
  attributes HOLSTREAM_V3 static type name##_v3 parameters {                     \
    return name##_body arguments;                                                                             \
  }                                                                                                           \
  attributes __attribute__((noinline)) static type name##_baseline parameters { return name##_body arguments; } \
  type name parameters {                                                                                      \
    if (holstream_level == 4) return name##_v4 arguments;                                                     \
    if (holstream_level == 3) return name##_v3 arguments;                                                     \
    return name##_baseline arguments;                                                                         \
  }                                                                                                           \
  static inline __attribute__((always_inline)) type name##_body parameters
#else
#define HOLSTREAM_CLONES_WITH(attributes, type, name, parameters, arguments) type name parameters
#endif

#define HOLSTREAM_CLONES(type, name, parameters, arguments) HOLSTREAM_CLONES_WITH(, type, name, parameters, arguments)

// Which clones run: 4 (x86-64-v4), 3 (x86-64-v3) or 1 (the baseline). Chosen before main and never changed.
extern int holstream_level __attribute__((visibility("hidden")));
