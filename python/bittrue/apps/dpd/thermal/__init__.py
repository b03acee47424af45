"""Amplifiers at other temperatures, and one weight bank for each."""
