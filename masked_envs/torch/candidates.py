"""Scores of candidate actions from their embeddings."""

import math

from torch import Tensor, nn


class CandidateScores(nn.Module):
    """The logit of each candidate: how well its embedding matches what the state asks for.

    logit a = query . (W embedding a) / sqrt(key_size), scaled as attention is (Vaswani et al., "Attention Is All You
    Need", 2017). Permuting the candidates permutes the logits and nothing else, and any number of them is served.

    Args:
        embedding_dim: numbers that describe a candidate.
        query_dim: features of the state.
        key_size: numbers compared.
    """

    def __init__(self, embedding_dim: int, query_dim: int, key_size: int = 64) -> None:
        super().__init__()
        self.key = nn.Linear(embedding_dim, key_size)
        self.query = nn.Linear(query_dim, key_size)
        self.key_size = key_size

    def forward(self, features: Tensor, embeddings: Tensor) -> Tensor:
        """Logits (..., n) for features (..., query_dim) and embeddings (..., n, embedding_dim)."""
        scores: Tensor = (self.key(embeddings) * self.query(features).unsqueeze(-2)).sum(-1)
        return scores / math.sqrt(self.key_size)
