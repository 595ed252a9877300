"""Finance: buying and selling within limits."""
