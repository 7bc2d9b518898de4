r"""The Inception-v3 that the field's FID and KID are defined by: the TensorFlow graph of 2015-12-05, in PyTorch.

Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", arXiv:1512.00567, figures 5 to 7, with the
departures of the published graph: average pools leave their border out of the mean, the last block pools by the
maximum, and there are 1,008 classes. Modules carry the names of the two published weight files (of pytorch-fid and
torch-fidelity, which are one file).

Pictures are brought to 299 x 299 as TensorFlow 1 did: bilinear, pixel $i$ of the result at $i \cdot n / 299$ of the
picture, without antialiasing. Another filter gives other numbers.
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from sparring import files
from sparring.errors import SparringError, UsageError
from sparring.metrics.features import Extractor, View

SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
"""Of the published file; with any other weights a distance must not be called FID."""
FILES = ("weights-inception-2015-12-05-6726825d.pth", "pt_inception-2015-12-05-6726825d.pth")
SIDE = 299

Kernel = int | tuple[int, int]
Step = tuple[str, int, Kernel]
"""A convolution of a branch: its name, its output channels, its kernel."""


class Convolution(nn.Module):
    """Convolution, batch norm, ReLU; without stride the size stays."""

    def __init__(self, inputs: int, outputs: int, kernel: Kernel, stride: int = 1, padding: Kernel | None = None):
        super().__init__()
        height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
        same = (height // 2, width // 2) if stride == 1 else (0, 0)
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, same if padding is None else padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        """[N, inputs, H, W] -> [N, outputs, h, w]."""
        return functional.relu(self.bn(self.conv(x)))


class Block(nn.Module):
    """Branches side by side, their channels joined.

    Args:
        inputs: channels.
        branches: the convolutions of each; of a branch that ends in two steps of the same stem (`_2a`, `_2b`), both see
            what came before.
        pooled: channels of the convolution after the pool; None: the block halves the size, and the pool as it is
            is its last branch.
        pool: what the pool takes of 3 x 3: `mean`, or `max`.
    """

    def __init__(self, inputs: int, branches: list[list[Step]], pooled: int | None, pool: str = "mean") -> None:
        super().__init__()
        self.chains = [[name for name, _, _ in branch] for branch in branches]
        self.pool = pool
        self.halves = pooled is None
        for branch in branches:
            channels = inputs
            for number, (name, outputs, kernel) in enumerate(branch):
                stride = 2 if self.halves and number == len(branch) - 1 else 1
                self.add_module(name, Convolution(channels, outputs, kernel, stride))
                channels = channels if name.endswith("a") else outputs  # both halves of a fork see the same
        if pooled is not None:
            self.branch_pool = Convolution(inputs, pooled, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[N, inputs, H, W] -> [N, outputs, h, w]."""
        outputs = [self._along(chain, x) for chain in self.chains]
        if self.halves:
            pooled = functional.max_pool2d(x, 3, 2)
        elif self.pool == "max":
            pooled = self.branch_pool(functional.max_pool2d(x, 3, 1, 1))
        else:
            pooled = self.branch_pool(functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False))
        return torch.cat([*outputs, pooled], 1)

    def _along(self, chain: list[str], x: Tensor) -> Tensor:
        straight = [name for name in chain if name[-1] not in "ab"]
        for name in straight:
            x = self.get_submodule(name)(x)
        fork = [self.get_submodule(name)(x) for name in chain if name not in straight]
        return torch.cat(fork, 1) if fork else x


def _block_a(inputs: int, pooled: int) -> Block:
    double: list[Step] = [("branch3x3dbl_1", 64, 1), ("branch3x3dbl_2", 96, 3), ("branch3x3dbl_3", 96, 3)]
    return Block(inputs, [[("branch1x1", 64, 1)], [("branch5x5_1", 48, 1), ("branch5x5_2", 64, 5)], double], pooled)


def _block_b(inputs: int) -> Block:
    double: list[Step] = [("branch3x3dbl_1", 64, 1), ("branch3x3dbl_2", 96, 3), ("branch3x3dbl_3", 96, 3)]
    return Block(inputs, [[("branch3x3", 384, 3)], double], None)


def _block_c(inputs: int, c: int) -> Block:
    rows, columns = (1, 7), (7, 1)
    single: list[Step] = [("branch7x7_1", c, 1), ("branch7x7_2", c, rows), ("branch7x7_3", 192, columns)]
    double: list[Step] = [
        ("branch7x7dbl_1", c, 1),
        ("branch7x7dbl_2", c, columns),
        ("branch7x7dbl_3", c, rows),
        ("branch7x7dbl_4", c, columns),
        ("branch7x7dbl_5", 192, rows),
    ]
    return Block(inputs, [[("branch1x1", 192, 1)], single, double], 192)


def _block_d(inputs: int) -> Block:
    seven: list[Step] = [
        ("branch7x7x3_1", 192, 1),
        ("branch7x7x3_2", 192, (1, 7)),
        ("branch7x7x3_3", 192, (7, 1)),
        ("branch7x7x3_4", 192, 3),
    ]
    return Block(inputs, [[("branch3x3_1", 192, 1), ("branch3x3_2", 320, 3)], seven], None)


def _block_e(inputs: int, pool: str) -> Block:
    rows, columns = (1, 3), (3, 1)
    single: list[Step] = [("branch3x3_1", 384, 1), ("branch3x3_2a", 384, rows), ("branch3x3_2b", 384, columns)]
    double: list[Step] = [
        ("branch3x3dbl_1", 448, 1),
        ("branch3x3dbl_2", 384, 3),
        ("branch3x3dbl_3a", 384, rows),
        ("branch3x3dbl_3b", 384, columns),
    ]
    return Block(inputs, [[("branch1x1", 320, 1)], single, double], 192, pool)


class Inception(Extractor):
    """The network, with random weights until a file is loaded; see `load`."""

    name = "inception"
    resize = "tf1-bilinear-299"
    content = 2  # 17 x 17; the next one has lost where things are

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = Convolution(3, 32, 3, 2)
        self.Conv2d_2a_3x3 = Convolution(32, 32, 3, padding=0)
        self.Conv2d_2b_3x3 = Convolution(32, 64, 3)
        self.Conv2d_3b_1x1 = Convolution(64, 80, 1)
        self.Conv2d_4a_3x3 = Convolution(80, 192, 3, padding=0)
        self.Mixed_5b = _block_a(192, 32)
        self.Mixed_5c = _block_a(256, 64)
        self.Mixed_5d = _block_a(288, 64)
        self.Mixed_6a = _block_b(288)
        self.Mixed_6b = _block_c(768, 128)
        self.Mixed_6c = _block_c(768, 160)
        self.Mixed_6d = _block_c(768, 160)
        self.Mixed_6e = _block_c(768, 192)
        self.Mixed_7a = _block_d(768)
        self.Mixed_7b = _block_e(1280, "mean")
        self.Mixed_7c = _block_e(2048, "max")
        self.fc = nn.Linear(2048, 1008)
        self.digest = "untrained"
        self.requires_grad_(False).eval()

    def forward(self, pictures: Tensor) -> View:
        """Look at grey or colour pictures of any size; features are the 2,048 of the last pool."""
        if pictures.shape[1] not in (1, 3):
            raise UsageError(
                f"extractor inception sees grey or colour pictures; these have {pictures.shape[1]} channels"
            )
        x = bilinear_tf1((pictures.expand(-1, 3, -1, -1) + 1) * 127.5)
        x = (x - 128) / 128  # [N, 3, 299, 299]
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        first = functional.max_pool2d(x, 3, 2)  # [N, 64, 73, 73]
        second = functional.max_pool2d(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(first)), 3, 2)  # [N, 192, 35, 35]
        third = self.Mixed_6a(self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(second))))
        third = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(third))))  # [N, 768, 17, 17]
        fourth = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(third)))  # [N, 2048, 8, 8]
        features = fourth.mean((2, 3))
        # the inception score is defined without the bias of the last layer
        return View(features, (first, second, third, fourth), features @ self.fc.weight.T)


def bilinear_tf1(pictures: Tensor, side: int = SIDE) -> Tensor:
    """[N, C, H, W] -> [N, C, side, side], as TensorFlow 1 resized.

    >>> bilinear_tf1(torch.tensor([[[[0.0, 4.0], [0.0, 4.0]]]]), 4)[0, 0, 0]
    tensor([0., 2., 4., 4.])
    """
    height, width = pictures.shape[2:]
    down, up, share = _places(height, side, pictures)
    rows = pictures[:, :, down].lerp(pictures[:, :, up], share[:, None])
    down, up, share = _places(width, side, pictures)
    return rows[..., down].lerp(rows[..., up], share)


def _places(length: int, side: int, like: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """For each of `side` places the pixels before and behind it, and how far it is from the one before."""
    place = torch.arange(side, dtype=like.dtype, device=like.device) * torch.tensor(length / side, dtype=like.dtype)
    down = place.long()
    return down, (down + 1).clamp(max=length - 1), place - down


def load(path: Path) -> Inception:
    """The extractor with the published weights.

    Args:
        path: of the file.

    Raises:
        UsageError: there is no such file.
        SparringError: its checksum is not that of the published file.
    """
    if not path.is_file():
        raise UsageError(f"no file of Inception weights at {path}")
    found = files.sha256(path)
    if found != SHA256:
        raise SparringError(
            f"{path} is not the published Inception ({FILES[0]}): its SHA-256 begins with {found[:12]}, not with "
            f"{SHA256[:12]}; a distance with it would not be FID"
        )
    return fill(Inception(), torch.load(path, weights_only=True), found)


def fill(network: Inception, weights: dict[str, Tensor], sha256: str) -> Inception:
    """Put weights in, and the hash of the file that they came from."""
    network.load_state_dict(weights)
    network.digest = sha256[:12]
    return network.requires_grad_(False).eval()
