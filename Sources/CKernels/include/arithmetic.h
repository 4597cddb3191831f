#pragma once

/// The instructions that the kernels of this process use: "x86-64-v4", "x86-64-v3", "baseline" or "arm64".
///
/// The most that the processor has, or "baseline" where the environment says HOLSTREAM_ARITHMETIC=portable at the start
/// of the process. The clones differ in the last bit, since the baseline has no fused multiplication and addition and
/// the compiler fuses differently for the others.
const char *holstream_kernels(void);

/// Whether the processor has all instructions that the portable arithmetic needs, SSE4.2 on x86-64.
int holstream_can_be_portable(void);
