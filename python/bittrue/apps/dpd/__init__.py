"""Digital predistortion: from a measured amplifier to an integer net that linearises it (docs/dpd.md)."""
