r"""Cheap numbers that tell a sick run from a healthy one, each a function of a few hundred pictures or logits.

Pictures are compared as *sketches*: averaged down to at most 16 pixels a side, so that a distance is a root mean square
difference of coarse pixels, in the units of the pictures, which span [-1, 1]. Points of the plane are their own sketch.
"""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, one_hot

SIDE = 16
"""Pixels of the larger side of a sketch."""
GROUPS = 20
"""Groups that real pictures are divided into."""
RIDGE = 1e-2
"""How much the linear classifier is held back, as a share of the mean variance of its inputs."""


def sketches(pictures: Tensor) -> Tensor:
    """[N, C, H, W] as [N, F], so scaled that Euclidean distances are root mean squares over coarse pixels.

    >>> sketches(torch.ones(2, 3, 32, 32)).shape, float(sketches(torch.ones(1, 1, 8, 8)).norm())
    (torch.Size([2, 768]), 1.0)
    """
    _, _, height, width = pictures.shape
    small = adaptive_avg_pool2d(pictures, (min(height, SIDE), min(width, SIDE))).flatten(1)
    scaled: Tensor = small / small.shape[1] ** 0.5
    return scaled


def spread(vectors: Tensor) -> float:
    """The mean distance between two of [N, F] vectors.

    >>> spread(torch.tensor([[0.0], [2.0]]))
    2.0
    """
    return float(torch.pdist(vectors).mean())


def energy_distance(real: Tensor, fake: Tensor) -> float:
    r"""How far two sets of vectors, [N, F] and [M, F], are apart: 0 in the mean if alike.

    $(2 E|x - y| - E|x - x'| - E|y - y'|) / E|x - x'|$ of Szekely and Rizzo ("Energy statistics", 2013, section 2),
    unbiased: a vector is never compared with itself. In units of the real spread, so that sets can be compared.

    >>> x = torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    >>> round(energy_distance(x[:250], x[250:]), 1), energy_distance(x, x + 100) > 50
    (0.0, True)
    """
    own = spread(real)
    return float((2 * torch.cdist(real, fake).mean() - own - spread(fake)) / max(own, 1e-6))


def nearest(vectors: Tensor) -> Tensor:
    """[N], how far each of [N, F] vectors is from the nearest other one."""
    return torch.cdist(vectors, vectors).fill_diagonal_(torch.inf).amin(1)


def groups(vectors: Tensor, count: int = GROUPS) -> Tensor:
    """[K, F], the middles of groups of [N, F] vectors: k-means (Lloyd, 1982) from at most `count` evenly picked ones.

    >>> groups(torch.tensor([[0.0], [0.2], [5.0], [5.2]]), 2).flatten()
    tensor([0.1000, 5.1000])
    """
    first = torch.linspace(0, len(vectors) - 1, min(count, len(vectors))).long()
    middles = vectors[first].clone()
    for _ in range(10):
        nearest_one = torch.cdist(vectors, middles).argmin(1)
        sums = torch.zeros_like(middles).index_add_(0, nearest_one, vectors)
        counts = nearest_one.bincount(minlength=len(middles))[:, None]
        middles = torch.where(counts > 0, sums / counts.clamp(min=1), middles)
    return middles


def variety(vectors: Tensor, middles: Tensor) -> float:
    r"""Among how many groups [N, F] vectors are evenly spread: $\exp H$ of the share in each, from 1 to K.

    >>> round(variety(torch.tensor([[0.0], [0.1], [5.0], [5.1]]), torch.tensor([[0.0], [5.0], [9.0]])), 3)
    2.0
    """
    shares = torch.cdist(vectors, middles).argmin(1).bincount(minlength=len(middles)) / len(vectors)
    return float(torch.special.entr(shares).sum().exp())


def copies(train: Tensor, own: Tensor, fake: Tensor) -> float:
    """The share of vectors that lie nearer to a training vector than two thirds of the way to its own neighbour.

    Two thirds, since of pictures that are not copied about half lie nearer than the whole of it.

    Args:
        train: [N, F].
        own: [N], `nearest` of them.
        fake: [M, F].

    >>> train = torch.tensor([[0.0], [1.0], [2.0]])
    >>> copies(train, nearest(train), torch.tensor([[0.1], [1.5], [9.0]]))
    0.6666666865348816
    """
    distance, which = torch.cdist(fake, train).min(1)
    return float((distance < 2 / 3 * own[which]).float().mean())


def separation(real: Tensor, fake: Tensor) -> float:
    """How surely logits tell real from fake: the probability that a real one is above a fake one, 0.5 by chance.

    >>> separation(torch.tensor([1.0, 2.0]), torch.tensor([0.0, 1.0]))
    0.875
    """
    gaps = real[:, None] - fake[None]
    return float(((gaps > 0).double() + 0.5 * (gaps == 0)).mean())


def overfitting(train: Tensor, held_out: Tensor, fake: Tensor) -> float:
    """How much less real held-out pictures look than those of the training set: 0 not at all, 1 like fakes.

    $r_v$ of Karras et al., arXiv:2006.06676, equation 1, on mean logits. 0 where the discriminator tells nothing.

    >>> overfitting(torch.tensor([2.0]), torch.tensor([1.0]), torch.tensor([0.0]))
    0.5
    """
    gap = float(train.mean() - fake.mean())
    noise = float(torch.cat([train - train.mean(), fake - fake.mean()]).std()) / len(train) ** 0.5
    return float(train.mean() - held_out.mean()) / gap if gap > 3 * noise else 0.0


def grid(pictures: Tensor) -> tuple[float, float]:
    """How strongly fine detail of [N, C, H, W] pictures beats at 1/2 and at 1/4 of a cycle a pixel.

    A network that enlarges by 2 with uneven overlap leaves a grid of period 2, one that does so twice of period 4
    (Odena et al., "Deconvolution and Checkerboard Artifacts", Distill, 2016), at the same place in every picture. So
    what each pixel has more than its four neighbours, and the square of that, are averaged over all pictures; given are
    the amplitudes of the peaks that the spectrum of both has, as shares of the typical detail: 0 without a grid.

    >>> pictures = torch.rand(64, 1, 18, 18, generator=torch.Generator().manual_seed(0))
    >>> grid(pictures)[0] < 0.1
    True
    >>> pictures[:, :, ::2] += 1
    >>> grid(pictures)[0] > 0.7
    True
    """
    height, width = ((side - 2) // 4 * 4 for side in pictures.shape[2:])
    rows, columns = slice(1, height + 1), slice(1, width + 1)
    around = (
        pictures[:, :, 0:height, columns]
        + pictures[:, :, 2 : height + 2, columns]
        + pictures[:, :, rows, 0:width]
        + pictures[:, :, rows, 2 : width + 2]
    )
    detail = pictures[:, :, rows, columns] - around / 4
    energy = detail.square().mean().clamp(min=1e-20)
    maps = torch.stack([detail.mean((0, 1)) / energy.sqrt(), detail.square().mean((0, 1)) / energy])
    phases = maps.reshape(2, height // 4, 4, width // 4, 4).mean((1, 3))  # [2, 4, 4]
    peaks = (torch.fft.fft2(phases).abs() / 16).square()
    half = peaks[:, ::2, ::2].sum() - peaks[:, 0, 0].sum()
    quarter = peaks.sum() - peaks[:, ::2, ::2].sum()
    return float(half.sqrt()), float(quarter.sqrt())


def correlation(one: Tensor, other: Tensor) -> float:
    """Of the colours of [N, C, H, W] pictures, place by place, with those of others: 1 alike, -1 inverted.

    Pearson's, of each picture over all its coarse pixels and channels, in the mean; a plain one counts as 0.

    >>> pictures = torch.rand(2, 3, 8, 8)
    >>> round(correlation(pictures, pictures / 2), 3), round(correlation(pictures, 1 - pictures), 3)
    (1.0, -1.0)
    """
    first, second = (side - side.mean(1, keepdim=True) for side in (sketches(one), sketches(other)))
    norms = (first.norm(dim=1) * second.norm(dim=1)).clamp(min=1e-12)
    return float(((first * second).sum(1) / norms).mean())


def linear_classifier(vectors: Tensor, labels: Tensor, classes: int) -> Tensor:
    """[F + 1, K] weights of the ridge regression of one-hot classes on [N, F] vectors: cheap, and good enough."""
    inputs = _with_one(vectors)
    gram = inputs.T @ inputs
    gram += RIDGE * gram.diagonal().mean() * torch.eye(len(gram), device=gram.device)
    weights: Tensor = torch.linalg.solve(gram, inputs.T @ one_hot(labels, classes).to(inputs))
    return weights


def accuracy(weights: Tensor, vectors: Tensor, labels: Tensor) -> float:
    """The share of vectors, [N, F], of which the linear classifier names the class, in the mean over the classes.

    >>> weights = torch.tensor([[-1.0, 1.0], [0.0, 0.0]])  # the sign of the only number
    >>> accuracy(weights, torch.tensor([[1.0], [2.0], [3.0], [4.0]]), torch.tensor([1, 1, 1, 0]))
    0.5
    """
    right = ((_with_one(vectors) @ weights).argmax(1) == labels).float()
    return float(torch.stack([right[labels == one].mean() for one in labels.bincount().nonzero()[:, 0]]).mean())


def _with_one(vectors: Tensor) -> Tensor:
    return torch.cat([vectors, vectors.new_ones(len(vectors), 1)], 1)
