"""RLlib adapters."""
