"""The course notes' own training loop, written plainly: what our speed is measured against.

A DataLoader over PIL pictures with ToTensor, two Adams of torch, a fresh batch of fakes for each player, no average.
The networks are written plainly too, of torch's own layers. Where notes differ, the faster way is taken: the
fakes of the discriminator's step are detached, so that no gradient of the generator is computed for nothing.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.utils.data import DataLoader, Dataset


class Pictures(Dataset[tuple[Tensor, int]]):
    """As torchvision's array sets do it: a PIL picture for each item, through ToTensor."""

    def __init__(self, array: NDArray[np.uint8]) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        picture = self.array[index]
        return to_tensor(Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)), 0


def to_tensor(image: Image.Image) -> Tensor:
    """What ToTensor does: a copy, channels first, float32 in [0, 1]."""
    stored = torch.from_numpy(np.array(image, copy=True))
    stored = stored.view(image.height, image.width, -1).permute(2, 0, 1).contiguous()
    return stored.to(torch.float32).div(255)


def gan_networks() -> tuple[nn.Module, nn.Module]:
    """The perceptrons of the notes, for 28 x 28 grey pictures."""

    def hidden(*sizes: int) -> list[nn.Module]:
        return [
            layer
            for inputs, outputs in pairwise(sizes)
            for layer in (nn.Linear(inputs, outputs), nn.LeakyReLU(0.2), nn.Dropout(0.3))
        ]

    generator = nn.Sequential(*hidden(100, 32, 64, 128), nn.Linear(128, 784), nn.Tanh(), nn.Unflatten(1, (1, 28, 28)))
    return generator, nn.Sequential(nn.Flatten(), *hidden(784, 128, 64, 32), nn.Linear(32, 1), nn.Flatten(0))


def dcgan_networks(channels: int = 3, width: int = 32, stages: int = 3) -> tuple[nn.Module, nn.Module]:
    """The DCGAN of the notes, for pictures of 4 x 4 pixels doubled so many times; `width` is their conv_dim."""

    def up(inputs: int, outputs: int) -> list[nn.Module]:
        return [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]

    def down(inputs: int, outputs: int) -> list[nn.Module]:
        return [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]

    sizes = [width * 2**stage for stage in range(stages)]
    widest = sizes[-1]
    layers: list[nn.Module] = [nn.Linear(100, widest * 16, bias=False), nn.Unflatten(1, (widest, 4, 4))]
    layers += [nn.BatchNorm2d(widest), nn.ReLU()]
    for outputs, inputs in reversed(list(pairwise(sizes))):
        layers += up(inputs, outputs)
    generator = nn.Sequential(*layers, nn.ConvTranspose2d(width, channels, 4, 2, 1), nn.Tanh())
    layers = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2)]
    for inputs, outputs in pairwise(sizes):
        layers += down(inputs, outputs)
    return generator, nn.Sequential(*layers, nn.Flatten(), nn.Linear(widest * 16, 1), nn.Flatten(0))


def loop(
    generator: nn.Module,
    discriminator: nn.Module,
    array: NDArray[np.uint8],
    *,
    batch_size: int,
    latent: int,
    uniform: bool,
    real_label: float,
    lr: float,
    betas: tuple[float, float],
    device: str = "cpu",
) -> Iterator[int]:
    """Train for ever; yields the number of real images of each batch."""
    generator.to(device), discriminator.to(device)
    loader = DataLoader(Pictures(array), batch_size=batch_size, shuffle=True, num_workers=0)
    d_optimizer = torch.optim.Adam(discriminator.parameters(), lr, betas)
    g_optimizer = torch.optim.Adam(generator.parameters(), lr, betas)

    def noise(count: int) -> Tensor:
        values = np.random.uniform(-1, 1, (count, latent)) if uniform else np.random.normal(size=(count, latent))
        return torch.from_numpy(values).float().to(device)

    def loss(logits: Tensor, target: float) -> Tensor:
        return binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))

    while True:
        for real, _ in loader:
            real = real.to(device) * 2 - 1

            d_optimizer.zero_grad()
            d_loss = loss(discriminator(real), real_label)
            d_loss = d_loss + loss(discriminator(generator(noise(len(real))).detach()), 0.0)
            d_loss.backward()
            d_optimizer.step()

            g_optimizer.zero_grad()
            g_loss = loss(discriminator(generator(noise(len(real)))), 1.0)
            g_loss.backward()
            g_optimizer.step()

            # the notes print the losses of every so many batches
            d_loss.item(), g_loss.item()
            yield len(real)
