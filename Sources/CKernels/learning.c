#include "clones.h"
#include "learning_kernels.h"
