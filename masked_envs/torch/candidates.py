"""Scores of candidate actions from their embeddings.

logit a = query . key(embedding a) / sqrt(size): the query is made of the state, the key of the candidate, and the scale
is that of attention (Vaswani et al., "Attention Is All You Need", 2017). Permuting the candidates permutes the logits
and changes nothing else, and any number of candidates is served.
"""

import math

import torch
from torch import Tensor, nn


def match_scores(queries: Tensor, keys: Tensor) -> Tensor:
    """Scaled dot products (..., n, m) of queries (..., size, m) with keys (..., n, size)."""
    return torch.matmul(keys, queries) / math.sqrt(keys.shape[-1])


def score_candidates(key: nn.Module, queries: Tensor, embeddings: Tensor, mask: Tensor | None = None) -> Tensor:
    """Logits (..., n) of candidates.

    Args:
        key: network from embeddings (..., d) to keys (..., size).
        queries: (..., size).
        embeddings: (..., n, d).
        mask: bool (..., n): only legal candidates are scored, which saves time where few are; the others have 0.
    """
    if mask is None:
        return match_scores(queries.unsqueeze(-1), key(embeddings)).squeeze(-1)
    legal = mask.nonzero(as_tuple=True)
    keys, asked = key(embeddings[legal]), queries[legal[:-1]]
    scores = torch.zeros(mask.shape, dtype=keys.dtype, device=keys.device)
    scores[legal] = (keys * asked).sum(-1) / math.sqrt(keys.shape[-1])
    return scores


class CandidateScores(nn.Module):
    """The logit of each candidate, with a linear key and a linear query.

    Args:
        embedding_dim: numbers that describe a candidate.
        query_dim: features of the state.
        key_size: numbers compared.
    """

    def __init__(self, embedding_dim: int, query_dim: int, key_size: int = 64) -> None:
        super().__init__()
        self.key = nn.Linear(embedding_dim, key_size)
        self.query = nn.Linear(query_dim, key_size)

    def forward(self, features: Tensor, embeddings: Tensor, mask: Tensor | None = None) -> Tensor:
        """Logits (..., n) for features (..., query_dim) and embeddings (..., n, embedding_dim).

        With a mask, bool (..., n), illegal candidates are not scored and have 0.
        """
        return score_candidates(self.key, self.query(features), embeddings, mask)
