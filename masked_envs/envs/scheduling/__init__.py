"""Scheduling problems: which operation a machine does next, and which queue a server serves."""
