/* Part of mxc.h here. */
#include "mxc.h"
