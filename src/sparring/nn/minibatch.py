"""Layers that let a discriminator see a whole batch of features at once, so that sameness gives fakes away."""

import torch
from torch import Tensor, nn

from sparring.nn.mixing import Mixing


class MinibatchDeviation(Mixing):
    r"""Joins to each sample's features how much its batch varies: one number, the mean standard deviation.

    Karras et al., "Progressive Growing of GANs", arXiv:1710.10196, section 3: the standard deviation of each feature
    over the batch, averaged over the features.

    >>> MinibatchDeviation()(torch.tensor([[0.0, 1.0], [2.0, 3.0]]))
    tensor([[0., 1., 1.],
            [2., 3., 1.]])
    """

    def forward(self, features: Tensor) -> Tensor:
        """[N, F] to [N, F + 1]."""
        variance = features.var(0, correction=0)
        deviation = (variance + 1e-8).sqrt().mean()
        return torch.cat([features, deviation.expand(len(features), 1)], 1)


class MinibatchDiscrimination(Mixing):
    r"""Joins to each sample's features how near its batch lies to it, seen from several sides.

    Salimans et al., "Improved Techniques for Training GANs", arXiv:1606.03498, section 3.2: with $M_i = f(x_i) T$, a
    matrix of B rows and C columns, $o(x_i)_b = \sum_{j \ne i} \exp(-\lVert M_{i,b} - M_{j,b} \rVert_1)$. The paper's
    sum has $j = i$ in it as well, which adds 1 to everything. Memory grows with the square of the batch.

    Args:
        features: F.
        sides: B, numbers that are joined.
        depth: C, length of the vectors that are compared.

    >>> MinibatchDiscrimination(features=4, sides=3)(torch.ones(5, 4))[:, 4:].detach()[0]
    tensor([4., 4., 4.])
    """

    def __init__(self, features: int, sides: int = 50, depth: int = 5) -> None:
        super().__init__()
        self.sides, self.depth = sides, depth
        self.transform = nn.Linear(features, sides * depth, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """[N, F] to [N, F + B]."""
        rows = self.transform(features).view(-1, self.sides, self.depth)
        difference = rows.unsqueeze(0) - rows.unsqueeze(1)  # [N, N, B, C]
        # abs(), differentiated twice as by gradient penalties, would make torch import its compiler, for seconds
        distance = (difference * difference.detach().sign()).sum(3)
        nearness = (-distance).exp().sum(1) - 1  # without the sample itself, whose distance is 0
        return torch.cat([features, nearness], 1)
