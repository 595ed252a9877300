"""Tiny environments, one for each kind of mask, that no user would play: they exist to run the engine.

The mask of each is a short formula over the clock `t` and some drawn numbers, so that a test can write it down a second
time in its own words.
"""
