$about
#ifndef CNN_H
#define CNN_H

#include <stdint.h>

#include "mxc.h"

/* Codes with 14 and 15 fractional bits, as softmax takes and gives them. */
typedef int32_t q31_t;
typedef int16_t q15_t;

/* What the functions return. */
#define CNN_FAIL 0
#define CNN_OK 1

/* Values of a result: $results. */
#define CNN_NUM_OUTPUTS $outputs

/* Words of the buffer that cnn_unload() fills. */
#define CNN_OUTPUT_WORDS $words

/* The timer that measures an inference; without this line cnn_time is only a flag. */
#define CNN_INFERENCE_TIMER MXC_TMR0

/* What happens when work begins and ends: an LED, which a power meter can watch, too. */
#define CNN_START LED_On(1)
#define CNN_COMPLETE LED_Off(1)
#define SYS_START LED_On(0)
#define SYS_COMPLETE LED_Off(0)

/* 0 while the accelerator works; then the time that it took, in microseconds. Defined in main.c. */
extern volatile uint32_t cnn_time;

/* Power, clock and interrupt on; arguments: MXC_S_GCR_PCLKDIV_CNNCLKSEL_..., .._CNNCLKDIV_... */
int cnn_enable(uint32_t clock_source, uint32_t clock_divider);

/* Clock and power off; weights are lost. */
int cnn_disable(void);

/* Bring the accelerator into a known state. Call it first after cnn_enable(). */
int cnn_init(void);

/* Load the weights, once after cnn_init(). */
int cnn_load_weights(void);

/* Read the weights back; CNN_FAIL where a word differs. For tests. */
int cnn_verify_weights(void);

/* Load the biases, once after cnn_init(). */
int cnn_load_bias(void);

/* Set up the layers, once after cnn_init(). */
int cnn_configure(void);

/* Start on the input that lies in data memory; CNN_ISR() sets cnn_time when it is done. */
int cnn_start(void);

/* Stop, and go on after that. */
int cnn_stop(void);
int cnn_continue(void);

/* Copy the result: $unloads. */
int cnn_unload(uint32_t *out_buf);

/* A pin that switches an external power boost on and off. */
int cnn_boost_enable(mxc_gpio_regs_t *port, uint32_t pin);
int cnn_boost_disable(mxc_gpio_regs_t *port, uint32_t pin);

/* Interrupt service routine; cnn_enable() installs it. */
void CNN_ISR(void);

/* Copy words into the accelerator's memory: bytes alone cannot be written there. */
void memcpy32(uint32_t *dst, const uint32_t *src, int n);

/* Softmax of codes with 14 fractional bits, as codes with 15; the other shifts vec_in[] left first. */
void softmax_q17p14_q15(const q31_t *vec_in, const uint16_t dim_vec, q15_t *p_out);
void softmax_shift_q17p14_q15(q31_t *vec_in, const uint16_t dim_vec, uint8_t in_shift, q15_t *p_out);

#endif /* CNN_H */
