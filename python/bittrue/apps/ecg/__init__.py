"""Electrocardiograms: from the MIT-BIH recordings to an integer net that names every beat (docs/ecg.md)."""
