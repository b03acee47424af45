"""Structural similarity of two pictures.

Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment", IEEE Trans. Image Processing 13(4), 2004, equation 13, with
their window (Gaussian, sigma 1.5, 11 x 11), K1 = 0.01, K2 = 0.03; the mean is over windows that lie within the picture.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

SIGMA, HALF = 1.5, 5
K1, K2 = 0.01, 0.03


def ssim(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], data_range: float) -> float:
    """Of two pictures (H, W) of 11 x 11 pixels or more whose values span ``data_range``."""

    def local(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        inner = ndimage.gaussian_filter(x, SIGMA, radius=HALF)
        return np.asarray(inner[HALF:-HALF, HALF:-HALF])

    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    ma, mb = local(a), local(b)
    va, vb, vab = local(a * a) - ma * ma, local(b * b) - mb * mb, local(a * b) - ma * mb
    each = (2 * ma * mb + c1) * (2 * vab + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2))
    return float(each.mean())
