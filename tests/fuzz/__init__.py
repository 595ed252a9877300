"""Fuzzing of everything that reads what others wrote: masks, actions, spaces, states and checkpoints.

A target is a function of bytes. `make fuzz` lets atheris search for bytes that break one (`python -m tests.fuzz`);
tests/unit/test_fuzz_targets.py replays all that were ever found, with bytes of Hypothesis beside them.
"""
