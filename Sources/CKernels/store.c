#include "clones.h"
#include "store_kernels.h"
