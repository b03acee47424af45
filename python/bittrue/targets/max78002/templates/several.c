static uint32_t result[CNN_OUTPUT_WORDS];

static void show_results(void)
{
    cnn_unload(result);
    $results
}
