/* What the generated code takes from the vendor's SDK, for a run on the emulator of bittrue_firmware.
 *
 * Only names and meanings are the SDK's. Registers of power and clocks are at the chip's addresses; interrupts, sleep and
 * printing go through a page of registers that the emulator has in place of a board (bittrue_firmware/board.py). */
#ifndef BITTRUE_STUB_MXC_H
#define BITTRUE_STUB_MXC_H

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>

#define __IO volatile
#define __I volatile const
#define __O volatile

#define E_NO_ERROR 0
#define E_SUCCESS 0

/* --- Power and clocks --- */
typedef struct {
    __IO uint32_t reserved0[6];
    __IO uint32_t pclkdiv; /* 0x18 */
    __IO uint32_t reserved1[53];
    __IO uint32_t ipll_ctrl; /* 0xf0 */
} mxc_gcr_regs_t;
#define MXC_GCR ((mxc_gcr_regs_t *)0x40000000u)

#define MXC_F_GCR_PCLKDIV_CNNCLKDIV_POS 14
#define MXC_F_GCR_PCLKDIV_CNNCLKDIV (7u << MXC_F_GCR_PCLKDIV_CNNCLKDIV_POS)
#define MXC_S_GCR_PCLKDIV_CNNCLKDIV_DIV2 (0u << MXC_F_GCR_PCLKDIV_CNNCLKDIV_POS)
#define MXC_S_GCR_PCLKDIV_CNNCLKDIV_DIV4 (1u << MXC_F_GCR_PCLKDIV_CNNCLKDIV_POS)
#define MXC_S_GCR_PCLKDIV_CNNCLKDIV_DIV8 (2u << MXC_F_GCR_PCLKDIV_CNNCLKDIV_POS)
#define MXC_S_GCR_PCLKDIV_CNNCLKDIV_DIV16 (3u << MXC_F_GCR_PCLKDIV_CNNCLKDIV_POS)
#define MXC_S_GCR_PCLKDIV_CNNCLKDIV_DIV1 (4u << MXC_F_GCR_PCLKDIV_CNNCLKDIV_POS)
#define MXC_F_GCR_PCLKDIV_CNNCLKSEL_POS 17
#define MXC_F_GCR_PCLKDIV_CNNCLKSEL (3u << MXC_F_GCR_PCLKDIV_CNNCLKSEL_POS)
#define MXC_S_GCR_PCLKDIV_CNNCLKSEL_PCLK (0u << MXC_F_GCR_PCLKDIV_CNNCLKSEL_POS)
#define MXC_S_GCR_PCLKDIV_CNNCLKSEL_ISO (1u << MXC_F_GCR_PCLKDIV_CNNCLKSEL_POS)
#define MXC_S_GCR_PCLKDIV_CNNCLKSEL_IPLL (3u << MXC_F_GCR_PCLKDIV_CNNCLKSEL_POS)
#define MXC_F_GCR_IPLL_CTRL_EN (1u << 0)
#define MXC_F_GCR_IPLL_CTRL_RDY (1u << 1)

typedef enum { MXC_SYS_CLOCK_IPO, MXC_SYS_CLOCK_IPLL, MXC_SYS_CLOCK_ISO, MXC_SYS_CLOCK_IBRO } mxc_sys_system_clock_t;
typedef enum { MXC_SYS_PERIPH_CLOCK_CNN = 25 } mxc_sys_periph_clock_t;

int MXC_SYS_Clock_Select(mxc_sys_system_clock_t clock);
int MXC_SYS_ClockSourceEnable(mxc_sys_system_clock_t clock);
int MXC_SYS_ClockSourceDisable(mxc_sys_system_clock_t clock);
void MXC_SYS_ClockEnable(mxc_sys_periph_clock_t clock);
void MXC_SYS_ClockDisable(mxc_sys_periph_clock_t clock);
void SystemCoreClockUpdate(void);
extern uint32_t SystemCoreClock;
extern uint32_t PeripheralClock;

/* --- Interrupts and sleep --- */
typedef enum { CNN_IRQn = 77 } IRQn_Type;
void NVIC_SetVector(IRQn_Type irq, uint32_t handler);
void MXC_NVIC_SetVector(IRQn_Type irq, void (*handler)(void));
void NVIC_EnableIRQ(IRQn_Type irq);
void NVIC_DisableIRQ(IRQn_Type irq);
void __enable_irq(void);
void __disable_irq(void);
void __WFI(void);
void MXC_LP_EnterSleepMode(void);

/* --- Instruction cache: there is none --- */
#define MXC_ICC0 0
void MXC_ICC_Enable(int cache);
void MXC_ICC_Disable(int cache);

/* --- Time: nothing is measured here, every duration reads as 1 --- */
typedef struct {
    __IO uint32_t count;
} mxc_tmr_regs_t;
extern mxc_tmr_regs_t stub_timers[6];
#define MXC_TMR0 (&stub_timers[0])
#define MXC_TMR1 (&stub_timers[1])
#define MXC_TMR2 (&stub_timers[2])
#define MXC_TMR3 (&stub_timers[3])
void MXC_TMR_SW_Start(mxc_tmr_regs_t *timer);
unsigned int MXC_TMR_SW_Stop(mxc_tmr_regs_t *timer);
void MXC_TMR_Delay(mxc_tmr_regs_t *timer, uint32_t microseconds);
int MXC_Delay(uint32_t microseconds);
#define SEC(s) ((uint32_t)(s) * 1000000u)
#define MSEC(ms) ((uint32_t)(ms) * 1000u)
#define USEC(us) ((uint32_t)(us))
#define MXC_DELAY_SEC(s) SEC(s)
#define MXC_DELAY_MSEC(ms) MSEC(ms)
#define MXC_DELAY_USEC(us) USEC(us)

/* --- Pins and lamps: they do nothing --- */
typedef struct {
    __IO uint32_t out;
} mxc_gpio_regs_t;
extern mxc_gpio_regs_t stub_gpio[4];
#define MXC_GPIO0 (&stub_gpio[0])
#define MXC_GPIO1 (&stub_gpio[1])
#define MXC_GPIO2 (&stub_gpio[2])
#define MXC_GPIO3 (&stub_gpio[3])
#define MXC_GPIO_PIN(n) (1u << (n))
typedef enum { MXC_GPIO_FUNC_IN, MXC_GPIO_FUNC_OUT } mxc_gpio_func_t;
typedef enum { MXC_GPIO_PAD_NONE, MXC_GPIO_PAD_PULL_UP, MXC_GPIO_PAD_PULL_DOWN } mxc_gpio_pad_t;
typedef enum { MXC_GPIO_VSSEL_VDDIO, MXC_GPIO_VSSEL_VDDIOH } mxc_gpio_vssel_t;
typedef struct {
    mxc_gpio_regs_t *port;
    uint32_t mask;
    mxc_gpio_func_t func;
    mxc_gpio_pad_t pad;
    mxc_gpio_vssel_t vssel;
} mxc_gpio_cfg_t;
int MXC_GPIO_Config(const mxc_gpio_cfg_t *config);
void MXC_GPIO_OutSet(mxc_gpio_regs_t *port, uint32_t mask);
void MXC_GPIO_OutClr(mxc_gpio_regs_t *port, uint32_t mask);
#define LED1 0
#define LED2 1
void LED_On(unsigned int lamp);
void LED_Off(unsigned int lamp);

#endif
