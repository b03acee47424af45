"""Predicted radio maps judged beside the baselines: tables, pictures, one page."""
