#pragma once

// One source, three machine codes: the loader picks the widest that the processor has. clang reads a list such as
// "avx2,fma" as two clones of which neither has both, so whole levels are named. Elsewhere (arm64) the default alone
// is compiled.
#if defined(__x86_64__) && defined(__ELF__)
#define HOLSTREAM_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define HOLSTREAM_CLONES
#endif
