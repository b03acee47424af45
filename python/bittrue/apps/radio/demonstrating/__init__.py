"""What the demo of radio maps on the board needs of the PC."""
