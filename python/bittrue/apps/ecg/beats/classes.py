"""The five classes of ANSI/AAMI EC57, and which annotation of a record belongs to which."""

from __future__ import annotations

CLASSES = "NSVFQ"
"""Normal and bundle branch block, supraventricular ectopic, ventricular ectopic, fusion, unknown or paced."""

SYMBOLS = {"N": "NLRBej", "S": "AaJSn", "V": "VEr", "F": "F", "Q": "/fQ?"}
"""Annotation symbols of a class.

ANSI/AAMI EC57 as ``bxb`` of the WFDB applications maps them, but for ``e`` and ``j``, atrial and nodal escape beats,
which are N (de Chazal, O'Dwyer, Reilly, IEEE Trans. Biomed. Eng. 51(7), 2004, whose table has all that MIT-BIH has).
Other databases add ``B``, bundle branch block of either side; ``n``, supraventricular escape; ``r``, R-on-T premature
ventricular contraction; ``?``, a beat of a detector's learning period.
"""

CLASS = {symbol: CLASSES.index(name) for name, symbols in SYMBOLS.items() for symbol in symbols}
"""Number of the class, 0 to 4, of a symbol; what is missing here is no beat."""

FLUTTER = "!"
"""Ventricular flutter wave: WFDB counts it as a QRS complex; EC57 leaves flutter and fibrillation out of the beats."""
