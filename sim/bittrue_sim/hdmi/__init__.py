"""A monitor at the simulated HDMI connector: what the pins say, bit by bit, as a picture."""
