#pragma once

// One source, several machine codes: of a function that is defined as
//
//   HOLSTREAM_CLONES(double, holstream_sum, (const double *x, size_t count), (x, count)) { … }
//
// the body is compiled for each of the levels of x86-64, and holstream_sum calls the clone of `holstream_level`.
// Helpers in the body must be inlined always, to be cloned with it. Elsewhere (arm64) one machine code serves all.
//
// The loader could choose, too (target_clones), but before the program can say that it wants the portable ones.
#if defined(__x86_64__) && defined(__ELF__)
// Features instead of the names of the levels, which would also tell the compiler to avoid 512-bit registers.
#define HOLSTREAM_AVX2 "avx,avx2,bmi,bmi2,crc32,cx16,f16c,lzcnt,movbe,popcnt,sahf,sse4.2,xsave"
#define HOLSTREAM_AVX512 ",avx512f,avx512bw,avx512cd,avx512dq,avx512vl"
#define HOLSTREAM_CLONE(attributes, features, suffix, type, name, parameters, arguments)                  \
  attributes __attribute__((target(features))) static type name##suffix parameters { return name##_body arguments; }
#define HOLSTREAM_CLONES_WITH(attributes, type, name, parameters, arguments)                              \
  static inline __attribute__((always_inline)) type name##_body parameters;                               \
  HOLSTREAM_CLONE(attributes, HOLSTREAM_AVX2 ",fma" HOLSTREAM_AVX512, _v4, type, name, parameters, arguments) \
  HOLSTREAM_CLONE(attributes, HOLSTREAM_AVX2 ",fma", _v3, type, name, parameters, arguments)              \
  HOLSTREAM_CLONE(attributes, HOLSTREAM_AVX2, _unfused, type, name, parameters, arguments)                \
  HOLSTREAM_CLONE(attributes __attribute__((noinline)), "sse2", _baseline, type, name, parameters, arguments) \
  type name parameters {                                                                                  \
    switch (holstream_level) {                                                                            \
      case HOLSTREAM_V4: return name##_v4 arguments;                                                      \
      case HOLSTREAM_V3: return name##_v3 arguments;                                                      \
      case HOLSTREAM_UNFUSED: return name##_unfused arguments;                                            \
      default: return name##_baseline arguments;                                                          \
    }                                                                                                     \
  }                                                                                                       \
  static inline __attribute__((always_inline)) type name##_body parameters

// The same with one more parameter of the body, the constant `level`, for loops whose shape depends on the registers.
#define HOLSTREAM_LIST(...) __VA_ARGS__
#define HOLSTREAM_LEVEL_CLONE(attributes, features, suffix, level, type, name, parameters, arguments)     \
  attributes __attribute__((target(features))) static type name##suffix parameters {                      \
    return name##_body(level, HOLSTREAM_LIST arguments);                                                   \
  }
#define HOLSTREAM_LEVEL_CLONES_WITH(attributes, type, name, parameters, arguments)                        \
  static inline __attribute__((always_inline)) type name##_body(const int level, HOLSTREAM_LIST parameters); \
  HOLSTREAM_LEVEL_CLONE(attributes, HOLSTREAM_AVX2 ",fma" HOLSTREAM_AVX512, _v4, HOLSTREAM_V4, type, name, parameters, arguments) \
  HOLSTREAM_LEVEL_CLONE(attributes, HOLSTREAM_AVX2 ",fma", _v3, HOLSTREAM_V3, type, name, parameters, arguments) \
  HOLSTREAM_LEVEL_CLONE(attributes, HOLSTREAM_AVX2, _unfused, HOLSTREAM_UNFUSED, type, name, parameters, arguments) \
  HOLSTREAM_LEVEL_CLONE(attributes __attribute__((noinline)), "sse2", _baseline, HOLSTREAM_BASELINE, type, name, parameters, arguments) \
  type name parameters {                                                                                  \
    switch (holstream_level) {                                                                            \
      case HOLSTREAM_V4: return name##_v4 arguments;                                                      \
      case HOLSTREAM_V3: return name##_v3 arguments;                                                      \
      case HOLSTREAM_UNFUSED: return name##_unfused arguments;                                            \
      default: return name##_baseline arguments;                                                          \
    }                                                                                                     \
  }                                                                                                       \
  static inline __attribute__((always_inline)) type name##_body(const int level, HOLSTREAM_LIST parameters)
#else
#define HOLSTREAM_CLONES_WITH(attributes, type, name, parameters, arguments) type name parameters
#define HOLSTREAM_LIST(...) __VA_ARGS__
#define HOLSTREAM_LEVEL_CLONES_WITH(attributes, type, name, parameters, arguments)                        \
  static inline __attribute__((always_inline)) type name##_body(const int level, HOLSTREAM_LIST parameters); \
  type name parameters { return name##_body(HOLSTREAM_V3, HOLSTREAM_LIST arguments); }                     \
  static inline __attribute__((always_inline)) type name##_body(const int level, HOLSTREAM_LIST parameters)
#endif

#define HOLSTREAM_CLONES(type, name, parameters, arguments) HOLSTREAM_CLONES_WITH(, type, name, parameters, arguments)

// The unfused clones use AVX2 without fused multiplication and addition. Every operation is then rounded as with the
// baseline's instructions, so that their bits are the baseline's.
enum { HOLSTREAM_BASELINE = 1, HOLSTREAM_UNFUSED = 2, HOLSTREAM_V3 = 3, HOLSTREAM_V4 = 4 };

// Which clones run, chosen before main and never changed.
extern int holstream_level __attribute__((visibility("hidden")));
