/* Power of the accelerator's quadrants: one bit a quadrant in each register. */
#ifndef BITTRUE_STUB_GCFR_REGS_H
#define BITTRUE_STUB_GCFR_REGS_H

#include "mxc.h"

typedef struct {
    __IO uint32_t reg0; /* power on */
    __IO uint32_t reg1; /* memory on */
    __IO uint32_t reg2; /* isolation */
    __IO uint32_t reg3; /* reset */
} mxc_gcfr_regs_t;
#define MXC_GCFR ((mxc_gcfr_regs_t *)0x40005800u)

#endif
