"""The residual generator of `resnet` against the plain strided trunk of `dcgan`, without a norm in the latter.

The generator (Miyato et al., arXiv:1802.05957, appendix B) repeats pixels and convolves twice at every size, the full
one included, so it can smooth what it has enlarged. The trunk (Radford et al., arXiv:1511.06434) has few convolutions,
which is cheap to take gradients of gradients through, and keeps where it saw what. `benchmarks/search.py` compares it.
"""

from sparring.networks.dcgan import Trunk
from sparring.networks.resnet import Generator
from sparring.nn.norms import Norm

__all__ = ["NORM", "Generator", "Trunk"]

NORM: Norm = "none"
