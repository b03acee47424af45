$about
#include <stdint.h>
#include <stdio.h>

#include "mxc.h"
#include "cnn.h"
#include "sampledata.h"
#include "sampleoutput.h"

volatile uint32_t cnn_time; /* 0 while the accelerator works */

/* The sample: $sample. */
$arrays

void load_input(void)
{
    /* Replace this by your data. */
    $loads
}

/* Expected words of the last layer in data memory: where, which bits, how many, the words; 0 ends it. */
static const uint32_t sample_output[] = SAMPLE_OUTPUT;

/* The known-answer test: compare the result with what the integer network gives for the sample. */
int check_output(void)
{
    const volatile uint32_t *next = sample_output; /* volatile: read from flash, not folded into code */
    uint32_t address;
    while ((address = *next++) != 0) {
        const uint32_t mask = *next++;
        const uint32_t words = *next++;
        for (uint32_t i = 0; i < words; i++, address += 4) {
            const uint32_t expected = *next++;
            const uint32_t found = *(volatile uint32_t *)address & mask;
            if (found != expected) {
                printf("Data mismatch (%u/%u) at address 0x%08x: Expected 0x%08x, read 0x%08x.\n",
                       (unsigned)(i + 1), (unsigned)words, (unsigned)address, (unsigned)expected,
                       (unsigned)found);
                return CNN_FAIL;
            }
        }
    }
    return CNN_OK;
}

static void fail(void)
{
    printf("\n*** FAIL ***\n\n");
    while (1) {
    }
}

$results

int main(void)
{
    MXC_ICC_Enable(MXC_ICC0); /* cache */
    MXC_SYS_Clock_Select(MXC_SYS_CLOCK_IPO);
    $pll_on
    SystemCoreClockUpdate();

    printf("Waiting...\n");
    MXC_Delay(SEC(2)); /* keep this: it lets a debugger in before clocks and power change */

    $enable

    printf("\n*** CNN Inference Test ***\n");
    cnn_init();
    cnn_load_weights();
#ifdef CNN_VERIFY_WEIGHTS
    if (cnn_verify_weights() != CNN_OK) {
        fail();
    }
#endif
    cnn_load_bias();
    cnn_configure();
    load_input();
    $fast
    cnn_start();
    while (cnn_time == 0) {
        MXC_LP_EnterSleepMode();
    }
    $slow

    if (check_output() != CNN_OK) {
        fail();
    }
    show_results();
    printf("\n*** PASS ***\n\n");
#ifdef CNN_INFERENCE_TIMER
    printf("Approximate inference time: %u us\n\n", (unsigned)cnn_time);
#endif

    cnn_disable();
    $pll_off
    return 0;
}
