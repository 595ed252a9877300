"""The measurements of docs/reliability.md: `python -m benchmarks.reliability NAME`, from the root of a checkout.

Each writes `benchmarks/results/reliability/NAME.json` after every piece of its work, and goes on from there when it is
started again.
"""
