/* The SDK's functions, as far as the emulator needs them. */
#include "mxc.h"

/* The emulator's page of registers, in the order of bittrue_firmware/board.py. */
typedef struct {
    __O uint32_t console, exit, sleep, vector, handler, enable, disable, clock_on, clock_off, mask;
} stub_page_t;
#define PAGE ((stub_page_t *)0x4fff0000u)

uint32_t SystemCoreClock = 100000000;
uint32_t PeripheralClock = 50000000;
mxc_tmr_regs_t stub_timers[6];
mxc_gpio_regs_t stub_gpio[4];

int MXC_SYS_Clock_Select(mxc_sys_system_clock_t clock)
{
    (void)clock;
    return E_NO_ERROR;
}

int MXC_SYS_ClockSourceEnable(mxc_sys_system_clock_t clock)
{
    if (clock == MXC_SYS_CLOCK_IPLL)
        MXC_GCR->ipll_ctrl |= MXC_F_GCR_IPLL_CTRL_EN;
    return E_NO_ERROR;
}

int MXC_SYS_ClockSourceDisable(mxc_sys_system_clock_t clock)
{
    if (clock == MXC_SYS_CLOCK_IPLL)
        MXC_GCR->ipll_ctrl &= ~MXC_F_GCR_IPLL_CTRL_EN;
    return E_NO_ERROR;
}

void MXC_SYS_ClockEnable(mxc_sys_periph_clock_t clock)
{
    PAGE->clock_on = clock;
}

void MXC_SYS_ClockDisable(mxc_sys_periph_clock_t clock)
{
    PAGE->clock_off = clock;
}

void SystemCoreClockUpdate(void)
{
}

void NVIC_SetVector(IRQn_Type irq, uint32_t handler)
{
    PAGE->vector = irq;
    PAGE->handler = handler;
}

/* As in the SDK, which enables the interrupt too. */
void MXC_NVIC_SetVector(IRQn_Type irq, void (*handler)(void))
{
    NVIC_SetVector(irq, (uint32_t)(uintptr_t)handler);
    NVIC_EnableIRQ(irq);
}

void NVIC_EnableIRQ(IRQn_Type irq)
{
    PAGE->enable = irq;
}

void NVIC_DisableIRQ(IRQn_Type irq)
{
    PAGE->disable = irq;
}

void __enable_irq(void)
{
    PAGE->mask = 0;
}

void __disable_irq(void)
{
    PAGE->mask = 1;
}

void __WFI(void)
{
    PAGE->sleep = 1;
}

void MXC_LP_EnterSleepMode(void)
{
    __WFI();
}

void MXC_ICC_Enable(int cache)
{
    (void)cache;
}

void MXC_ICC_Disable(int cache)
{
    (void)cache;
}

void MXC_TMR_SW_Start(mxc_tmr_regs_t *timer)
{
    timer->count = 0;
}

unsigned int MXC_TMR_SW_Stop(mxc_tmr_regs_t *timer)
{
    timer->count = 1;
    return timer->count;
}

void MXC_TMR_Delay(mxc_tmr_regs_t *timer, uint32_t microseconds)
{
    (void)timer;
    (void)microseconds;
}

int MXC_Delay(uint32_t microseconds)
{
    (void)microseconds;
    return E_NO_ERROR;
}

int MXC_GPIO_Config(const mxc_gpio_cfg_t *config)
{
    (void)config;
    return E_NO_ERROR;
}

void MXC_GPIO_OutSet(mxc_gpio_regs_t *port, uint32_t mask)
{
    port->out |= mask;
}

void MXC_GPIO_OutClr(mxc_gpio_regs_t *port, uint32_t mask)
{
    port->out &= ~mask;
}

void LED_On(unsigned int lamp)
{
    (void)lamp;
}

void LED_Off(unsigned int lamp)
{
    (void)lamp;
}
