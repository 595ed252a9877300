"""Graph problems: which nodes to take, and how to colour them."""
