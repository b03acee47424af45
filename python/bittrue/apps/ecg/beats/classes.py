"""The five classes of ANSI/AAMI EC57, and which annotation of a record belongs to which."""

from __future__ import annotations

CLASSES = "NSVFQ"
"""Normal and bundle branch block, supraventricular ectopic, ventricular ectopic, fusion, unknown or paced."""

SYMBOLS = {"N": "NLRej", "S": "AaJS", "V": "VE", "F": "F", "Q": "/fQ"}
"""Annotation symbols of a class (AAMI EC57; de Chazal, O'Dwyer, Reilly, IEEE Trans. Biomed. Eng. 51(7), 2004)."""

CLASS = {symbol: CLASSES.index(name) for name, symbols in SYMBOLS.items() for symbol in symbols}
"""Number of the class, 0 to 4, of a symbol; what is missing here is no beat."""
