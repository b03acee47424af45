static uint32_t result[CNN_OUTPUT_WORDS];
static q31_t values[CNN_NUM_OUTPUTS];
static q15_t share[CNN_NUM_OUTPUTS];

/* Print the accumulators of the classes, and their softmax. */
static void show_results(void)
{
    cnn_unload(result);
    for (uint32_t i = 0; i < CNN_NUM_OUTPUTS; i++) {
        values[i] = (q31_t)result[i];
    }
    $softmax
    printf("Classification results:\n");
    for (uint32_t i = 0; i < CNN_NUM_OUTPUTS; i++) {
        const int tenths = (1000 * share[i] + 0x4000) >> 15;
        printf("[%8d] -> Class %u: %d.%d%%\n", (int)result[i], (unsigned)i, tenths / 10, tenths % 10);
    }
}
