"""A file for each room, with a list BREAKS."""
