"""Finished nets judged on patients that they never saw: figures, pictures, one page."""
