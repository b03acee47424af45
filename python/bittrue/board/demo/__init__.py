"""The demo's parts that run on the board: closed loop, figures, 1280x720 frames, and where they are shown."""
