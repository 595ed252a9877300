"""`python -m benchmarks.reliability`, from the root of a checkout."""

if __name__ == "__main__":
    from agents.starting import run

    run("benchmarks.reliability.main", extra="torch")
