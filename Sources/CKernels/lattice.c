#include "clones.h"
#include "lattice_kernels.h"
