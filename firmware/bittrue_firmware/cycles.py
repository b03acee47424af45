"""How long a layer takes, by a formula: an estimate, which nothing here measures."""

from __future__ import annotations

from bittrue_firmware.settings import LayerSettings


def cycles(settings: LayerSettings) -> int:
    """Estimated clocks of a layer.

    It is the estimate of ai8x-synthesis for the MAX78000 (izer/latency.py), which gives no figure for the MAX78002.
    With ``M`` passes, ``E`` operands, pooling windows of ``p`` pixels, a pooled frame of ``H x W`` (of a transposed
    convolution with the zeros between), kernels of ``k`` rows, padding ``d``, ``N`` columns and ``O`` channels:

    - a pixel takes ``M * E * (p + 1)`` to read, a zero around the frame ``2 * M * E``; where operands meet before
      they are pooled, ``M * (E * p + 1)`` and ``2 * M``, and there are ``M`` times as many;
    - a row takes its pixels and zeros, the first rows one more each; sums take ``N * O * M``;
    - one more where a frame is flattened; a pass-through takes ``H * W * (a pixel + M * slots)``.

    With one column that is ``N * M * O + L * M * (p + 1) + (k - 1 - d) + d * (4 * M + 1)``.
    """
    passes, places = settings.passes, settings.pool[0] * settings.pool[1]
    count = settings.operands.count
    many = 1 if settings.operands.pool_first else passes
    zero, pixel = passes * count * 2, passes * count * (places + 1)
    if many > 1 or not settings.operands.pool_first:
        zero, pixel = passes * 2, passes * (count * places + 1)
    if settings.kind == "pass":
        fullest = max(mask.bit_count() for mask in settings.enabled.values())
        return settings.rows * settings.columns * (pixel + passes * -(-fullest // 4))
    rows, columns = settings.rows * settings.upsampling, settings.columns * settings.upsampling
    across, down = settings.pad_columns, settings.pad_rows
    early, late = settings.kernel_columns - 1 - across, settings.kernel_rows - 1 - down
    first = 2 * across * (zero + 1) + many * columns * (zero + 1)
    silent = 2 * across * (zero + 1) + many * columns * (pixel + 1)
    ends = across * (zero + 1) + zero * across
    row = ends + many * (early * (pixel + 1) + (settings.output_columns - across) * pixel)
    bottom = ends + many * (early * (zero + 1) + (settings.output_columns - across) * zero)
    sums = _sums(settings)
    flat = int(settings.linear and passes > 1 and settings.pixels == 1)
    return flat + down * first + late * silent + (row + sums) * (rows - late) + down * (bottom + sums)


def _sums(settings: LayerSettings) -> int:
    """Clocks for the sums of a row of the result."""
    outputs = settings.outputs
    if settings.kind == "depthwise":  # up to four time slots of up to sixteen processors each
        outputs = min(max(mask.bit_count() for mask in settings.enabled.values()), 4)
    return settings.passes * settings.output_columns * outputs + int(outputs == 1 and settings.passes == 1)
