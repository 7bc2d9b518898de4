"""Which of many is meant: contrastive losses."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize


def patch_contrast(queries: Tensor, keys: Tensor, temperature: float = 0.07) -> Tensor:
    r"""How hard it is to find each query's own key among those of the same picture.

    $-\log \frac{\exp(v \cdot v^+ / \tau)}{\exp(v \cdot v^+ / \tau) + \sum_n \exp(v \cdot v^-_n / \tau)}$ with vectors
    of length 1: Park et al., "Contrastive Learning for Unpaired Image-to-Image Translation", arXiv:2007.15651, equation
    2. Keys only say where queries should be: no gradient reaches them.

    Args:
        queries: [N, P, F], P places of each of N pictures.
        keys: the same shape; key p belongs to query p.
        temperature: $\tau$.

    Returns:
        [N, P], at least 0; log P by chance.

    >>> vectors = torch.eye(3)[None]
    >>> bool(patch_contrast(vectors, vectors).max() < 1e-5)
    True
    """
    count, places, _ = queries.shape
    similarity = normalize(queries, dim=2) @ normalize(keys, dim=2).detach().transpose(1, 2) / temperature  # [N, P, P]
    own = torch.arange(places, device=queries.device).expand(count, places)
    return cross_entropy(similarity.flatten(0, 1), own.flatten(), reduction="none").view(count, places)
