"""The demo of heartbeats: a record's beats through the overlay, named, compared and counted."""
