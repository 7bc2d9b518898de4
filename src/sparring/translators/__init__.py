"""Networks from picture to picture, one a file, each with a `Translator`; and the discriminator that judges patches."""

from typing import Literal

from torch import nn

from sparring.data.spec import Spec
from sparring.errors import UsageError
from sparring.nn.framing import Size
from sparring.nn.layout import laid_out
from sparring.nn.resampling import Upsampling
from sparring.registry import find
from sparring.translators.domains import DomainDiscriminator
from sparring.translators.encoder import Encoder, LatentDiscriminator
from sparring.translators.patch import PatchDiscriminator
from sparring.translators.scales import Scales

Name = Literal["unet", "residual", "coarse-to-fine"]
Norm = Literal["instance", "batch", "none"]
"""`instance` is the same in training and at test time; of `batch`, a model keeps the running statistics."""
_SHARED = ("domains", "encoder", "layers", "patch", "scales", "staged")


def translator(
    name: str, spec: Spec, *, width: int, norm: str, upsampling: Upsampling, dropout: float = 0.0, told: int = 0
) -> nn.Module:
    """A network from [N, input channels + told, H, W] to [N, channels, H, W] in [-1, 1], for pictures of any size.

    Args:
        name: the file in this folder.
        spec: of the pictures that come out; `spec.inputs` of those that go in. Its size sets the depth.
        width: channels of the first stage.
        norm: a `Norm`.
        upsampling: how stages are enlarged.
        dropout: share of numbers that are dropped in training, where the network has dropout.
        told: channels behind those of the picture, for what is wanted: each is the same number all over.

    Raises:
        UsageError: there is no such network, or the pictures are too small for it.

    >>> spec = Spec(channels=3, height=64, width=64, inputs=Spec(channels=1, height=64, width=64))
    >>> network = translator("unet", spec, width=8, norm="instance", upsampling="resize")
    """
    check_size(spec.shape[1:])
    network: nn.Module = find(__name__, name, but=_SHARED).Translator(
        input_channels(spec),
        spec.channels,
        spec.shape[1:],
        width=width,
        norm=norm,
        upsampling=upsampling,
        dropout=dropout,
        told=told,
    )
    return laid_out(network)


def input_channels(spec: Spec) -> int:
    """Channels of the pictures that go in.

    Raises:
        UsageError: nothing is said of them.
    """
    if spec.inputs is None:
        raise UsageError("a translator needs pictures that go in beside those that come out (data.pairs, data.inputs)")
    return spec.inputs.channels


def turned(spec: Spec) -> Spec:
    """What comes out and what goes in, on the way back.

    >>> turned(Spec(channels=3, height=8, width=8, inputs=Spec(channels=1, height=8, width=8))).channels
    1
    """
    input_channels(spec)
    assert spec.inputs is not None
    return spec.inputs.model_copy(update={"inputs": spec.model_copy(update={"inputs": None})})


def patch_discriminator(channels: int, size: Size, *, width: int, norm: str, patch: int | None = None) -> nn.Module:
    """From [N, channels, H, W] to logits, [N, 1, h, w], one for each patch, for pictures of any size.

    Args:
        channels: of the pictures, and of what is shown beside them.
        size: (height, width) that is trained on.
        width: channels of the first stage.
        norm: a `Norm`.
        patch: pixels a side that each logit sees; None: 70, or less where pictures are smaller than 64.

    Raises:
        UsageError: the pictures are too small for such patches.
    """
    check_size(size)
    return laid_out(PatchDiscriminator(channels, size, width=width, norm=norm, patch=patch))


def discriminator_of_scales(
    channels: int, size: Size, *, width: int, norm: str, most: int = 3, patch: int | None = None
) -> nn.Module:
    """From [N, channels, H, W] to what is seen of it at each scale: stages, the last of which are logits of patches.

    Args:
        channels: of the pictures, and of what is shown beside them.
        size: (height, width) that is trained on.
        width: channels of the first stage.
        norm: a `Norm`.
        most: scales at most, each the half of the one before; none has less than 8 pixels a side.
        patch: pixels a side that each logit sees of the picture at its scale; None: 70, or less where the coarsest
            picture is smaller than 64.

    Raises:
        UsageError: the pictures are too small for such patches.
    """
    check_size(size)
    return laid_out(Scales(channels, size, width=width, norm=norm, most=most, patch=patch))


def domain_discriminator(channels: int, size: Size, *, width: int, domains: int) -> nn.Module:
    """From [N, channels, H, W] to how real each picture is, [N], and scores of its domain, [N, domains].

    Raises:
        UsageError: the pictures are too small.
    """
    check_size(size)
    return laid_out(DomainDiscriminator(channels, size, width=width, domains=domains))


def encoder(channels: int, size: Size, *, width: int, latent: int) -> nn.Module:
    """From pictures that belong together, [N, channels, H, W], to what none says of the other, [N, latent].

    Raises:
        UsageError: the pictures are too small.
    """
    check_size(size)
    return laid_out(Encoder(channels, size, width=width, latent=latent))


def latent_discriminator(latent: int) -> nn.Module:
    """From [N, latent] to logits, [N]: whether they were drawn or encoded."""
    return LatentDiscriminator(latent)


SMALLEST = 8
"""Pixels a side that a picture must have."""


def check_size(size: Size) -> None:
    """Make sure that there is something to translate.

    Raises:
        UsageError: less than 8 pixels a side.
    """
    if min(size) < SMALLEST:
        raise UsageError(
            f"pictures of {size[1]}x{size[0]} are too small to translate: at least {SMALLEST} pixels a side are "
            f"needed (data.size={SMALLEST * 2} enlarges them)"
        )
