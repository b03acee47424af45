"""How long a layer takes, by a formula: an estimate, which nothing here measures."""

from __future__ import annotations

from bittrue_firmware.settings import LayerSettings


def cycles(settings: LayerSettings) -> int:
    """Estimated clocks of a layer of one dimension.

    With ``M`` passes, a pooling window of ``p``, ``L`` pooled pixels, ``O`` outputs, kernel ``k``, padding ``d`` and
    ``N = L + 2 * d - k + 1`` results: ``N * M * O`` for the sums, ``L * M * (p + 1)`` for reading, for the edges
    ``(k - 1 - d) + d * (4 * M + 1)``, and one more where a frame is flattened; a pass-through takes
    ``L * M * (p + 1 + slots)``. It is the estimate of ai8x-synthesis for the MAX78000 (izer/latency.py), which gives no
    figure for the MAX78002.
    """
    passes, pool, length = settings.passes, settings.pool, settings.rows * settings.columns
    if settings.kind == "pass":
        fullest = max(mask.bit_count() for mask in settings.enabled.values())
        return length * passes * (pool + 1 + -(-fullest // 4))
    results = settings.output_rows * settings.output_columns
    outputs = settings.outputs
    if settings.kind == "depthwise":  # up to four time slots of up to sixteen processors each
        outputs = min(max(mask.bit_count() for mask in settings.enabled.values()), 4)
    edges = settings.kernel_rows - 1 - settings.pad_rows + settings.pad_rows * (4 * passes + 1)
    one = int(outputs == 1 and passes == 1)
    flat = int(settings.linear and passes > 1)
    return results * (passes * outputs + one) + length * passes * (pool + 1) + edges + flat
