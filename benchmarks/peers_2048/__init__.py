"""Masked2048 beside public implementations of the game, on identical boards.

    python -m benchmarks.peers_2048 original PATH    a checkout of github.com/gabrielecirulli/2048; needs Node.js
    python -m benchmarks.peers_2048 pgx              installed
    python -m benchmarks.peers_2048 jumanji          installed

Each adds its part to benchmarks/results/Masked2048-v0_peers.json, which tests/envs/test_twenty_forty_eight.py reads.
Every move is made on every board: the board after the move without the tile that chance adds, and the sum of what came
from merging, must be the same, and so must be whether a move changes the board. On the boards with the new tile of the
implementation, its mask and its end are compared with what Masked2048 says of the same board.
"""
