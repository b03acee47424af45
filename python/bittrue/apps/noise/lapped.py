"""Lapped transform between signals and the spectrograms of a net of two dimensions: half overlapping sine windows.

With ``R`` rows of frequencies, blocks of ``2 R`` samples begin every ``R`` samples, ``n`` from 0 to ``2 R - 1``:

    w(n)    = sin(pi (n + 1/2) / (2 R))                              w(n)^2 + w(n + R)^2 = 1
    Z(r, t) = sum over n of w(n) x(R t + n) exp(-j pi r n / R) / sqrt(2 R)      r = 0 .. R - 1
    x       = sum over t of w(n) b(n, t) at sample R t + n,   b(., t) = sqrt(2 R) irfft(Z(., t), 0 at bin R)

The line at half the sample rate is left out, and so is the imaginary part of row 0. Blocks form a ring: the second half
of the last one is added to the first ``R`` samples. Real and imaginary parts of white noise of variance 1 have a
standard deviation of 1/2. (Princen and Bradley 1986: the windows; Griffin and Lim 1984: the inverse.)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput

Floats = npt.NDArray[np.float64]


def window(rows: int) -> Floats:
    """``w``, float64 ``(2 * rows,)``."""
    return np.sin(np.pi * (np.arange(2 * rows) + 0.5) / (2 * rows))


def waveform(values: npt.ArrayLike) -> Floats:
    """Signals ``(N, rows * times)`` of spectrograms ``(N, 2, rows, times)``, real and imaginary parts.

    Raises `BadInput` for another shape.
    """
    z = np.asarray(values, np.float64)
    if z.ndim != 4 or z.shape[1] != 2 or not z.size:
        raise BadInput(f"spectrograms have shape {z.shape}; give (N, 2, rows, times)")
    rows = z.shape[2]
    lines = np.zeros((len(z), z.shape[3], rows + 1), np.complex128)
    lines[:, :, :rows] = np.moveaxis(z[:, 0] + 1j * z[:, 1], 1, 2)
    blocks = np.fft.irfft(lines, 2 * rows, axis=2, norm="ortho") * window(rows)
    before = np.roll(blocks[:, :, rows:], 1, axis=1)
    return (blocks[:, :, :rows] + before).reshape(len(z), -1)


def spectrogram(signals: npt.ArrayLike, rows: int) -> Floats:
    """Spectrograms ``(N, 2, rows, times)`` of signals ``(N, rows * times)``, as blocks of a ring.

    `waveform` gives back all but the line at half the sample rate. Raises `BadInput` for another length.
    """
    x = np.asarray(signals, np.float64)
    if x.ndim != 2 or not x.size or x.shape[1] % rows:
        raise BadInput(f"signals have shape {x.shape}; give (N, L) with L a multiple of {rows}")
    halves = x.reshape(len(x), -1, rows)
    blocks = np.concatenate([halves, np.roll(halves, -1, axis=1)], axis=2) * window(rows)
    z = np.moveaxis(np.fft.rfft(blocks, axis=2, norm="ortho")[:, :, :rows], 1, 2)
    return np.stack([z.real, z.imag], axis=1)


def joined(values: npt.ArrayLike, shape: tuple[int, ...]) -> Floats:
    """Spectrograms ``(N, 2, rows, images * times)`` of what `bittrue.generate` gives, ``(N, 2, L)``: images of
    ``shape`` ``(2, rows, times)``, one after another in time, each with its last axis fastest."""
    x = np.asarray(values, np.float64)
    images = x.reshape(len(x), 2, -1, *shape[1:])  # (N, 2, images, rows, times)
    return images.swapaxes(2, 3).reshape(len(x), 2, shape[1], -1)
