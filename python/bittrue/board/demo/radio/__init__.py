"""The demo of radio maps: scenes through the overlay, drawn, compared and judged."""
