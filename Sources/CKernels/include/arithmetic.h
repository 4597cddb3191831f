#pragma once

/// Whose bits the kernels of this process compute: "x86-64-v4", "x86-64-v3", "baseline" or "arm64".
///
/// Those of the most that the processor has, or the baseline's where the environment says HOLSTREAM_ARITHMETIC=portable
/// at the start of the process. They differ in the last place: the baseline has no fused multiplication and addition,
/// and for the other two the compiler fuses differently.
const char *holstream_kernels(void);

/// Whether the processor has all instructions that the portable arithmetic needs, SSE4.2 on x86-64.
int holstream_can_be_portable(void);
