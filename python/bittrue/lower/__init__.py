"""What hardware and C need to know of a net, computed once: port packing, folding, schedules."""
