"""One form of a state: equal content is equal bytes, whether a run was killed on the way or not.

``pickle`` writes an object that it has met before as a reference. So strings are interned here and containers made
anew: which objects are the same then follows from the content alone.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any


def canonical(value: Any) -> Any:
    """The same tensors and values in new containers."""
    if isinstance(value, str):
        return sys.intern(str(value))
    if isinstance(value, Mapping):
        return {canonical(key): canonical(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return tuple([canonical(each) for each in value])
    if isinstance(value, list):
        return [canonical(each) for each in value]
    return value
