"""The best that can be earned in an environment, by programs that use nothing of the environment's own code.

    python benchmarks/optimum/mastermind.py     the expected number of guesses, exact: a minute or two
    python benchmarks/optimum/minesweeper.py    the expected return, exact
    python benchmarks/optimum/bin_pack.py       the share of the bin that can be taken, exact, on given starts
    python benchmarks/optimum/taxi.py           shortest routes: over all starts, and on given starts

tests/envs/test_optimum.py holds them to brute force on small instances and to published numbers.
"""
