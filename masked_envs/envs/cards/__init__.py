"""Card games with hidden cards."""
