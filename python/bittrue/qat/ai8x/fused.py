"""Layers whose name says what is fused with them: ``Fused[MaxPool|AvgPool][Depthwise]<kind>[BN][ReLU|Abs]``."""

from __future__ import annotations

from functools import partialmethod
from typing import Any, TypeVar

from bittrue.qat.ai8x.layers import Conv, Conv1d, Conv2d, ConvTranspose2d, Linear

C = TypeVar("C", bound=Conv | Linear)


def _fused(kind: type[C], pool: str = "", depthwise: str = "") -> list[type[C]]:
    """Subclasses of ``kind`` that set the options which their names say, with ``pool`` and ``depthwise`` in them.

    Without and with ReLU and Abs, then the same with batch norm; not what would be ``kind`` itself.
    """
    made = []
    for norm in ("", "BN"):
        for activation in ("", "ReLU", "Abs"):
            options: dict[str, Any] = {"pooling": pool[:3], "batchnorm": norm and "Affine", "activation": activation}
            options = {key: value for key, value in options.items() if value}
            what = ", ".join(part for part in (pool, depthwise, norm, activation) if part)
            members = {"__init__": partialmethod(kind.__init__, **options), "depthwise": bool(depthwise)}
            members |= {"__doc__": f"`{kind.__name__}` with {what}.", "__module__": __name__}
            if what:
                made.append(type(f"Fused{pool}{depthwise}{kind.__name__}{norm}{activation}", (kind,), members))
    return made


# fmt: off
FusedConv1dReLU, FusedConv1dAbs, FusedConv1dBN, FusedConv1dBNReLU, FusedConv1dBNAbs = _fused(Conv1d)
(
    FusedMaxPoolConv1d, FusedMaxPoolConv1dReLU, FusedMaxPoolConv1dAbs, FusedMaxPoolConv1dBN, FusedMaxPoolConv1dBNReLU,
    FusedMaxPoolConv1dBNAbs,
) = _fused(Conv1d, "MaxPool")
(
    FusedAvgPoolConv1d, FusedAvgPoolConv1dReLU, FusedAvgPoolConv1dAbs, FusedAvgPoolConv1dBN, FusedAvgPoolConv1dBNReLU,
    FusedAvgPoolConv1dBNAbs,
) = _fused(Conv1d, "AvgPool")
(
    FusedDepthwiseConv1d, FusedDepthwiseConv1dReLU, FusedDepthwiseConv1dAbs, FusedDepthwiseConv1dBN,
    FusedDepthwiseConv1dBNReLU, FusedDepthwiseConv1dBNAbs,
) = _fused(Conv1d, "", "Depthwise")
(
    FusedMaxPoolDepthwiseConv1d, FusedMaxPoolDepthwiseConv1dReLU, FusedMaxPoolDepthwiseConv1dAbs,
    FusedMaxPoolDepthwiseConv1dBN, FusedMaxPoolDepthwiseConv1dBNReLU, FusedMaxPoolDepthwiseConv1dBNAbs,
) = _fused(Conv1d, "MaxPool", "Depthwise")
(
    FusedAvgPoolDepthwiseConv1d, FusedAvgPoolDepthwiseConv1dReLU, FusedAvgPoolDepthwiseConv1dAbs,
    FusedAvgPoolDepthwiseConv1dBN, FusedAvgPoolDepthwiseConv1dBNReLU, FusedAvgPoolDepthwiseConv1dBNAbs,
) = _fused(Conv1d, "AvgPool", "Depthwise")
FusedConv2dReLU, FusedConv2dAbs, FusedConv2dBN, FusedConv2dBNReLU, FusedConv2dBNAbs = _fused(Conv2d)
(
    FusedMaxPoolConv2d, FusedMaxPoolConv2dReLU, FusedMaxPoolConv2dAbs, FusedMaxPoolConv2dBN, FusedMaxPoolConv2dBNReLU,
    FusedMaxPoolConv2dBNAbs,
) = _fused(Conv2d, "MaxPool")
(
    FusedAvgPoolConv2d, FusedAvgPoolConv2dReLU, FusedAvgPoolConv2dAbs, FusedAvgPoolConv2dBN, FusedAvgPoolConv2dBNReLU,
    FusedAvgPoolConv2dBNAbs,
) = _fused(Conv2d, "AvgPool")
(
    FusedDepthwiseConv2d, FusedDepthwiseConv2dReLU, FusedDepthwiseConv2dAbs, FusedDepthwiseConv2dBN,
    FusedDepthwiseConv2dBNReLU, FusedDepthwiseConv2dBNAbs,
) = _fused(Conv2d, "", "Depthwise")
(
    FusedMaxPoolDepthwiseConv2d, FusedMaxPoolDepthwiseConv2dReLU, FusedMaxPoolDepthwiseConv2dAbs,
    FusedMaxPoolDepthwiseConv2dBN, FusedMaxPoolDepthwiseConv2dBNReLU, FusedMaxPoolDepthwiseConv2dBNAbs,
) = _fused(Conv2d, "MaxPool", "Depthwise")
(
    FusedAvgPoolDepthwiseConv2d, FusedAvgPoolDepthwiseConv2dReLU, FusedAvgPoolDepthwiseConv2dAbs,
    FusedAvgPoolDepthwiseConv2dBN, FusedAvgPoolDepthwiseConv2dBNReLU, FusedAvgPoolDepthwiseConv2dBNAbs,
) = _fused(Conv2d, "AvgPool", "Depthwise")
(
    FusedConvTranspose2dReLU, FusedConvTranspose2dAbs, FusedConvTranspose2dBN, FusedConvTranspose2dBNReLU,
    FusedConvTranspose2dBNAbs,
) = _fused(ConvTranspose2d)
(
    FusedMaxPoolConvTranspose2d, FusedMaxPoolConvTranspose2dReLU, FusedMaxPoolConvTranspose2dAbs,
    FusedMaxPoolConvTranspose2dBN, FusedMaxPoolConvTranspose2dBNReLU, FusedMaxPoolConvTranspose2dBNAbs,
) = _fused(ConvTranspose2d, "MaxPool")
(
    FusedAvgPoolConvTranspose2d, FusedAvgPoolConvTranspose2dReLU, FusedAvgPoolConvTranspose2dAbs,
    FusedAvgPoolConvTranspose2dBN, FusedAvgPoolConvTranspose2dBNReLU, FusedAvgPoolConvTranspose2dBNAbs,
) = _fused(ConvTranspose2d, "AvgPool")
FusedLinearReLU, FusedLinearAbs = _fused(Linear)[:2]
# fmt: on
