"""A picture with a hole, as a model that was taught to fill holes (`data.pairs=mask`) takes it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.data.derive import with_hole
from sparring.data.pictures import Whole
from sparring.data.prepare import with_channels
from sparring.games.picture_to_picture import Translation


def takes_holes(shipped: Translation) -> bool:
    """Whether what goes in is a grey or colour picture, and one channel that says where it is missing."""
    return shipped.inputs.holes and shipped.spec.channels in (1, 3)


def with_mask(source: Whole, channels: int) -> NDArray[Any]:
    """[H, W, channels + 1]: the picture, and beside it where it is there; as in training, see `data.derive`.

    Args:
        source: missing where it is less than half opaque.
        channels: of what comes out, 1 or 3.
    """
    assert source.alpha is not None
    missing = source.alpha <= np.iinfo(source.alpha.dtype).max // 2
    picture = with_channels(source.pixels, channels).transpose(2, 0, 1)
    return with_hole(picture, missing).transpose(1, 2, 0)
