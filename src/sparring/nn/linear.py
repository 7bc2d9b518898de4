"""A fully connected layer whose large products are not left to MKL where it is slow: on AMD's processors."""

from typing import Any

import torch
from torch import Tensor, nn

WORTH = 2**21
"""Multiplications of a product from which on oneDNN is faster."""
_ABOUT: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # older torches do not say
BETTER = hasattr(torch.ops.mkldnn, "_linear_pointwise") and "AMD" in str(_ABOUT.get("cpu_name"))
"""Whether this torch comes with oneDNN, which it calls by its old name, for a processor that it suits better."""


class Linear(nn.Linear):
    """`torch.nn.Linear`, in about half the time where it is large, in float32 on a CPU made by AMD.

    Torch leaves products of matrices to MKL, whose makers are Intel, and convolutions to oneDNN, which knows AMD's
    processors as well and has products too. The numbers are the same up to rounding.

    >>> layer, rows = Linear(512, 64), torch.rand(128, 512)
    >>> torch.allclose(layer(rows), nn.Linear.forward(layer, rows), atol=1e-6)
    True
    """

    def forward(self, rows: Tensor) -> Tensor:
        """[N, inputs] to [N, outputs]."""
        if not BETTER or len(rows) * self.weight.numel() < WORTH or not _is_plain(rows):
            return super().forward(rows)
        made: Tensor = _Product.apply(rows, self.weight, self.bias)  # type: ignore[no-untyped-call]
        return made


class _Product(torch.autograd.Function):
    """[N, K], [M, K] and [M] to [N, M]; its slopes are products as well."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(rows, weight)
        made: Tensor = torch.ops.mkldnn._linear_pointwise(rows, weight, bias, "none", [], "")
        return made

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        (rows, weight), needed = ctx.saved_tensors, ctx.needs_input_grad
        back = _Product.apply(slope, weight.t(), None) if needed[0] else None  # type: ignore[no-untyped-call]
        change = _Product.apply(slope.t(), rows.t(), None) if needed[1] else None  # type: ignore[no-untyped-call]
        return back, change, slope.sum(0) if needed[2] else None


def _is_plain(rows: Tensor) -> bool:
    float32 = rows.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")
    return float32 and rows.dim() == 2 and rows.device.type == "cpu"
