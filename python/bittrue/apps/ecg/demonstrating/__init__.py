"""What the demo of heartbeats on the board needs of the PC."""
