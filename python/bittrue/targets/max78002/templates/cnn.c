$about
#include "cnn.h"

#include <stdint.h>
#include <stdio.h>

#include "gcfr_regs.h"
#include "mxc.h"
#include "weights.h"

#define CNN_WORD(address) (*(volatile uint32_t *)(address))

/* Quadrants of 16 processors that this net uses; the first one is the master. */
static const uint32_t quadrants[] = { $quadrants };
#define CNN_QUADRANTS (sizeof(quadrants) / sizeof(quadrants[0]))
#define CNN_QUADRANT_MASK $mask

/* Addresses, all of a $device. */
#define CNN_ALWAYS_ON $always_on
#define CNN_QUADRANT(q) ($quadrant + $quadrant_step * (uint32_t)(q))
#define CNN_BIAS(q) ($bias + $quadrant_step * (uint32_t)(q))
#define CNN_DATA(p) ($data + $quadrant_step * ((p) / 16u) + $data_step * ((p) % 16u / 4u)) /* processor p */
#define CNN_LAYER(q, layer) ($layers + $quadrant_step * (uint32_t)(q) + $layer_step * (uint32_t)(layer))
#define CNN_LAYER_STEP $register_step /* from a register of a layer to the next */

/* Control registers of a quadrant. */
#define CNN_CTL(q) CNN_WORD(CNN_QUADRANT(q))
#define CNN_SRAM(q) CNN_WORD(CNN_QUADRANT(q) + 0x4u)
#define CNN_LAST_LAYER(q) CNN_WORD(CNN_QUADRANT(q) + 0x8u)
$test_register

#define CTL_ENABLE (1u << 0) /* run */
#define CTL_CLOCKS (1u << 3) /* clocks on */
#define CTL_SYNC (1u << 11) /* step with the other quadrants */
#define CTL_DONE (1u << 12) /* interrupt: all layers are done */
#define CTL_PACKED (1u << 20) /* kernels are written as packed streams */
$binary_bit

/* Registers of a layer by their numbers. What is 0 is not written: registers are cleared before. */
enum {
    $registers
};

/* A register of a layer in one quadrant, and in all. */
static void set_one(uint32_t quadrant, uint32_t layer, uint32_t number, uint32_t value)
{
    CNN_WORD(CNN_LAYER(quadrant, layer) + CNN_LAYER_STEP * number) = value;
}

static void set_all(uint32_t layer, uint32_t number, uint32_t value)
{
    for (uint32_t i = 0; i < CNN_QUADRANTS; i++) {
        set_one(quadrants[i], layer, number, value);
    }
}

void CNN_ISR(void)
{
    for (uint32_t i = 0; i < CNN_QUADRANTS; i++) {
        CNN_CTL(quadrants[i]) &= ~(CTL_DONE | CTL_ENABLE);
    }
    CNN_COMPLETE;
#ifdef CNN_INFERENCE_TIMER
    cnn_time = (uint32_t)MXC_TMR_SW_Stop(CNN_INFERENCE_TIMER);
    if (cnn_time == 0) {
        cnn_time = 1; /* done, even in less than a microsecond */
    }
#else
    cnn_time = 1;
#endif
}

int cnn_continue(void)
{
    cnn_time = 0;
    CNN_CTL(quadrants[0]) |= CTL_ENABLE;
    return CNN_OK;
}

int cnn_stop(void)
{
    CNN_CTL(quadrants[0]) &= ~CTL_ENABLE;
    return CNN_OK;
}

void memcpy32(uint32_t *dst, const uint32_t *src, int n)
{
    volatile uint32_t *to = dst;
    while (n-- > 0) {
        *to++ = *src++;
    }
}

/* Blocks of kernels: where to, how many words, the words; 0 ends it. A word of kernel memory has 9
 * bytes: its byte 8 is the first of the stream, and the bytes are packed from byte 0 on. */
static const uint32_t kernels[] = KERNELS;

int cnn_load_weights(void)
{
    const uint32_t *next = kernels;
    uint32_t address;
    while ((address = *next++) != 0) {
        uint32_t words = *next++;
        *(volatile uint8_t *)(address | 1) = 0x01; /* the stream begins here */
        while (words-- > 0) {
            CNN_WORD(address) = *next++;
            address += 4;
        }
    }
    return CNN_OK;
}

/* Byte number n of packed words, the highest byte of a word first. */
static uint32_t packed_byte(const uint32_t *words, uint32_t n)
{
    return (words[n / 4] >> (24 - 8 * (n % 4))) & 0xff;
}

int cnn_verify_weights(void)
{
    const uint32_t *next = kernels;
    uint32_t start;
    while ((start = *next++) != 0) {
        const uint32_t words = *next++;
        /* Read plainly, a word of kernel memory is 16 bytes: byte 0, bytes 1-4, bytes 5-8, none. */
        uint32_t address = (start & ~$stream_mask) | ((start & $stream_mask) << 2);
        for (uint32_t k = 0; k < words * 4 / 9; k++, address += 16) {
            uint32_t expected[3] = { 0, 0, 0 };
            for (uint32_t n = 0; n < 9; n++) {
                expected[(n + 3) / 4] = expected[(n + 3) / 4] << 8 | packed_byte(next, 9 * k + n);
            }
            for (uint32_t i = 0; i < 3; i++) {
                const uint32_t found = CNN_WORD(address + 4 * i);
                if (found != expected[i]) {
                    printf("Weights differ at address 0x%08x: expected 0x%08x, read 0x%08x\n",
                           (unsigned)(address + 4 * i), (unsigned)expected[i], (unsigned)found);
                    return CNN_FAIL;
                }
            }
        }
        next += words;
    }
    return CNN_OK;
}

$biases

int cnn_init(void)
{
    $init
    return CNN_OK;
}

int cnn_configure(void)
{
    $configure

    return CNN_OK;
}

int cnn_start(void)
{
    const uint32_t control = $control;

    cnn_time = 0;
    CNN_CTL(quadrants[0]) = control | CTL_SYNC;
    for (uint32_t i = 1; i < CNN_QUADRANTS; i++) {
        CNN_CTL(quadrants[i]) = control | CTL_SYNC | CTL_ENABLE;
    }
#ifdef CNN_INFERENCE_TIMER
    MXC_TMR_SW_Start(CNN_INFERENCE_TIMER);
#endif
    CNN_START;
    CNN_CTL(quadrants[0]) = control | CTL_ENABLE; /* the master starts all */
    return CNN_OK;
}

$unload

int cnn_enable(uint32_t clock_source, uint32_t clock_divider)
{
    /* Power to the quadrants in use, in the order that the chip needs. */
    MXC_GCFR->reg3 = 0xf; /* reset */
    MXC_GCFR->reg1 = CNN_QUADRANT_MASK; /* memories */
    MXC_GCFR->reg0 = CNN_QUADRANT_MASK; /* power */
    MXC_Delay(MSEC(10)); /* load switches settle */
    MXC_GCFR->reg2 = ~CNN_QUADRANT_MASK & 0xf; /* isolation */
    MXC_GCFR->reg3 = 0x0; /* reset */

    $wait_for_pll
    MXC_GCR->pclkdiv = (MXC_GCR->pclkdiv & ~(MXC_F_GCR_PCLKDIV_CNNCLKDIV | MXC_F_GCR_PCLKDIV_CNNCLKSEL))
                       | clock_divider | clock_source;
    MXC_SYS_ClockEnable(MXC_SYS_PERIPH_CLOCK_CNN);

    MXC_NVIC_SetVector(CNN_IRQn, CNN_ISR);
    return CNN_OK;
}

int cnn_disable(void)
{
    MXC_SYS_ClockDisable(MXC_SYS_PERIPH_CLOCK_CNN);
    MXC_GCFR->reg3 = 0xf; /* reset */
    MXC_GCFR->reg2 = 0xf; /* isolation */
    MXC_GCFR->reg0 = 0x0; /* power */
    MXC_GCFR->reg1 = 0x0; /* memories */
    MXC_GCFR->reg3 = 0x0; /* reset */
    return CNN_OK;
}

static mxc_gpio_cfg_t output_pin(mxc_gpio_regs_t *port, uint32_t pin)
{
    mxc_gpio_cfg_t gpio = { 0 };
    gpio.port = port;
    gpio.mask = pin;
    gpio.pad = MXC_GPIO_PAD_NONE;
    gpio.func = MXC_GPIO_FUNC_OUT;
    return gpio;
}

int cnn_boost_enable(mxc_gpio_regs_t *port, uint32_t pin)
{
    const mxc_gpio_cfg_t gpio = output_pin(port, pin);
    MXC_GPIO_Config(&gpio);
    MXC_GPIO_OutSet(port, pin);
    return CNN_OK;
}

int cnn_boost_disable(mxc_gpio_regs_t *port, uint32_t pin)
{
    const mxc_gpio_cfg_t gpio = output_pin(port, pin);
    MXC_GPIO_Config(&gpio);
    MXC_GPIO_OutClr(port, pin);
    return CNN_OK;
}
