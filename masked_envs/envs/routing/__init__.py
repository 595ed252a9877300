"""Routing problems: tours through all places, and the routes of vehicles."""
