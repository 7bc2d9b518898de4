r"""How much a picture differs from the one that it should be: for translation, reconstruction and cycles.

All take two batches of pictures, [N, H, W, C], and give a number for each pair. `peak` is what the numbers of a
picture can reach: 255 for uint8, 65,535 for uint16; pictures of floating point need it said.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.errors import UsageError

WINDOW, SIGMA = 11, 1.5
K1, K2 = 0.01, 0.03
SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""The exponents of the five scales of Wang, Simoncelli and Bovik, section 3.3, finest first."""

Pictures = NDArray[Any]
Values = NDArray[np.float64]


def psnr(one: Pictures, other: Pictures, peak: float | None = None) -> Values:
    r"""The peak signal-to-noise ratio in decibel, $10 \log_{10} (\mathrm{peak}^2 / \mathrm{MSE})$.

    Args:
        one: [N, H, W, C].
        other: the same shape.
        peak: the largest value there can be; None: that of the type.

    Returns:
        [N]; infinite where both are the same.

    Raises:
        UsageError: shapes differ, or `peak` is not known.

    >>> psnr(np.zeros((1, 2, 2, 1), np.uint8), np.full((1, 2, 2, 1), 255, np.uint8))
    array([0.])
    """
    x, y, top = _both(one, other, peak)
    error = ((x - y) ** 2).mean((1, 2, 3))
    with np.errstate(divide="ignore"):
        ratio: Values = 10 * np.log10(top**2 / error)
    return ratio


def mean_absolute_error(one: Pictures, other: Pictures, peak: float | None = None) -> Values:
    """The mean absolute difference as a share of the peak, 0 to 1: of a picture and what a cycle makes of it.

    Args:
        one: [N, H, W, C].
        other: the same shape.
        peak: as for `psnr`.

    Raises:
        UsageError: shapes differ, or `peak` is not known.

    >>> mean_absolute_error(np.zeros((1, 2, 2, 1), np.uint8), np.full((1, 2, 2, 1), 51, np.uint8))
    array([0.2])
    """
    x, y, top = _both(one, other, peak)
    error: Values = np.abs(x - y).mean((1, 2, 3)) / top
    return error


def ssim(one: Pictures, other: Pictures, peak: float | None = None) -> Values:
    r"""The structural similarity, the mean over the picture and its channels; 1 for equal pictures.

    $\frac{(2 \mu_x \mu_y + C_1)(2 \sigma_{xy} + C_2)}{(\mu_x^2 + \mu_y^2 + C_1)(\sigma_x^2 + \sigma_y^2 + C_2)}$ with
    Gaussian windows of 11 x 11 and standard deviation 1.5, that lie whole within the picture: Wang et al., "Image
    Quality Assessment: From Error Visibility to Structural Similarity" (2004), equation 13.

    Args:
        one: [N, H, W, C], at least 11 x 11.
        other: the same shape.
        peak: as for `psnr`.

    Raises:
        UsageError: shapes differ, `peak` is not known, or a window does not fit.

    >>> x = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 1), np.uint8)
    >>> ssim(x, x)
    array([1.])
    """
    luminance, contrast = _terms(*_both(one, other, peak))
    similarity: Values = (luminance * contrast).mean((1, 2, 3))
    return similarity


def multi_scale_ssim(one: Pictures, other: Pictures, peak: float | None = None) -> Values:
    """The structural similarity over up to five scales, each half the size of the one before.

    Wang, Simoncelli and Bovik, "Multiscale structural similarity for image quality assessment" (2003), equation 7. Of
    pictures of less than 176 pixels the coarsest scales, into which no window fits, are left out and the exponents of
    the others scaled up to the same sum.

    Args:
        one: [N, H, W, C], at least 11 x 11.
        other: the same shape.
        peak: as for `psnr`.

    Raises:
        UsageError: shapes differ, `peak` is not known, or no window fits.

    >>> x = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 1), np.uint8)
    >>> multi_scale_ssim(x, x)
    array([1., 1.])
    """
    x, y, top = _both(one, other, peak)
    fitting = int(np.log2(max(1, min(x.shape[1:3]) / WINDOW))) + 1
    exponents = np.array(SCALES[:fitting])
    exponents *= sum(SCALES) / exponents.sum()
    result = np.ones(len(x))
    for scale, exponent in enumerate(exponents):
        luminance, contrast = _terms(x, y, top)
        term = (luminance * contrast if scale == len(exponents) - 1 else contrast).mean((1, 2, 3))
        result *= np.clip(term, 0, None) ** exponent  # a negative one has no real root
        x, y = _halved(x), _halved(y)
    return result


def _both(one: Pictures, other: Pictures, peak: float | None) -> tuple[Values, Values, float]:
    if one.shape != other.shape or one.ndim != 4 or not len(one):
        raise UsageError(f"pictures of shapes {one.shape} and {other.shape} to compare: give two of one [N, H, W, C]")
    if peak is None:
        if not np.issubdtype(one.dtype, np.unsignedinteger) or one.dtype != other.dtype:
            raise UsageError(f"pictures of type {one.dtype} and {other.dtype}: say which peak their numbers can reach")
        peak = float(np.iinfo(one.dtype).max)
    return one.astype(np.float64), other.astype(np.float64), peak


def _terms(x: Values, y: Values, peak: float) -> tuple[Values, Values]:
    """Luminance, and contrast with structure, at each place that a window fits, [N, h, w, C]."""
    c1, c2 = (K1 * peak) ** 2, (K2 * peak) ** 2
    mean_x, mean_y = _blurred(x), _blurred(y)
    variances = _blurred(x * x) - mean_x**2 + _blurred(y * y) - mean_y**2
    covariance = _blurred(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return luminance, (2 * covariance + c2) / (variances + c2)


def _blurred(x: Values) -> Values:
    if min(x.shape[1:3]) < WINDOW:
        raise UsageError(
            f"pictures of {x.shape[2]}x{x.shape[1]}: structural similarity takes {WINDOW}x{WINDOW} or more"
        )
    weights = np.exp(-((np.arange(WINDOW) - WINDOW // 2) ** 2) / (2 * SIGMA**2))
    weights /= weights.sum()
    for axis in (1, 2):
        windows = np.lib.stride_tricks.sliding_window_view(x, WINDOW, axis)
        x = windows @ weights
    return x


def _halved(x: Values) -> Values:
    """Means of 2 x 2 pixels; an odd last row or column is left out."""
    n, height, width, channels = x.shape
    even = x[:, : height // 2 * 2, : width // 2 * 2]
    halved: Values = even.reshape(n, height // 2, 2, width // 2, 2, channels).mean((2, 4))
    return halved
