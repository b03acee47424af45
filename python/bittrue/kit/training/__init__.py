"""Training with PyTorch: the loop, checkpoints, averages, schedules, devices and logs; only training imports it."""
