static uint32_t result[CNN_OUTPUT_WORDS];

static void show_results(void)
{
    cnn_unload(result);
    printf("Result:\n");
    for (uint32_t i = 0; i < CNN_NUM_OUTPUTS; i++) {
        printf("%d%s", $value, i % 16 == 15 || i == CNN_NUM_OUTPUTS - 1 ? "\n" : " ");
    }
}
