"""A module of PyTorch's becomes a net: traced, its batch norm folded, its formats chosen (docs/your-own-net.md)."""

from bittrue.qat.tracing.formats import Formats
from bittrue.qat.tracing.preparing import prepare, ptq
from bittrue.qat.tracing.quantised import Quantised
from bittrue.qat.tracing.report import Report

__all__ = ["Formats", "Quantised", "Report", "prepare", "ptq"]
