#pragma once
#include <stddef.h>
#include <stdint.h>

/// Feeds `one_input` with inputs that reach new places of the program, as `arguments` say; in the compiler's library
/// `clang_rt.fuzzer_no_main`, which `tools/fuzz --coverage` links.
int LLVMFuzzerRunDriver(int *count, char ***arguments, int (*one_input)(const uint8_t *bytes, size_t size));
