"""The report on generators of noise: reading, judging, tables, pictures, the page."""
