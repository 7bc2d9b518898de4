"""What sits on a discriminator's trunk: from features, [N, F], to what is said of each picture."""

import torch
from torch import Tensor, nn


class Logit(nn.Module):
    """One number for each picture: how real it is.

    Args:
        features: F.
        bias: False where only differences of logits count, since nothing would hold it.
    """

    def __init__(self, features: int, bias: bool = True) -> None:
        super().__init__()
        self.linear = nn.Linear(features, 1, bias=bias)

    def forward(self, features: Tensor) -> Tensor:
        """[N, F] to logits, [N]."""
        logits: Tensor = self.linear(features)
        return logits.squeeze(1)


class Outputs(nn.Module):
    """Several numbers for each picture, for example a logit and the scores of ten classes.

    Args:
        features: F.
        outputs: K.
    """

    def __init__(self, features: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(features, outputs)

    def forward(self, features: Tensor) -> Tensor:
        """[N, F] to [N, K]."""
        outputs: Tensor = self.linear(features)
        return outputs


class Projection(nn.Module):
    r"""How real a picture is as one of its class: $\psi(\phi(x)) + \langle v_y, \phi(x) \rangle$.

    Miyato and Koyama, "cGANs with Projection Discriminator", arXiv:1802.05637: the first term asks whether
    it is a picture at all, the second whether it is one of class $y$.

    Args:
        features: F, the length of $\phi(x)$.
        classes: K.
        bias: as for `Logit`.
    """

    def __init__(self, features: int, classes: int, bias: bool = True) -> None:
        super().__init__()
        self.linear = nn.Linear(features, 1, bias=bias)
        self.classes = nn.Linear(classes, features, bias=False)  # an embedding: its argument is one-hot
        nn.init.normal_(self.classes.weight, std=features**-0.5)

    def forward(self, features: Tensor, one_hot: Tensor) -> Tensor:
        """[N, F] and [N, K] to logits, [N]."""
        logits: Tensor = self.linear(features).squeeze(1) + (self.classes(one_hot) * features).sum(1)
        return logits


class Discriminator(nn.Module):
    """A trunk that sees, and a head that judges.

    Attributes:
        trunk: from pictures, [N, C, H, W], to features, [N, F].
        head: from features, and perhaps what is given of each picture, to the output.
    """

    def __init__(self, trunk: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = head

    def forward(self, pictures: Tensor, *given: Tensor) -> Tensor:
        """[N, C, H, W], and what the head wants to know, to the head's output."""
        output: Tensor = self.head(self.trunk(pictures), *given)
        return output


class PlaneDiscriminator(nn.Module):
    """A discriminator that is shown the class as further channels of the picture, one plane of 0 or 1 for each class.

    The form of the course notes; its trunk is built for C + K channels.
    """

    def __init__(self, trunk: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = head

    def forward(self, pictures: Tensor, one_hot: Tensor) -> Tensor:
        """[N, C, H, W] and [N, K] to logits, [N]."""
        planes = one_hot[:, :, None, None].expand(-1, -1, *pictures.shape[2:])
        logits: Tensor = self.head(self.trunk(torch.cat([pictures, planes], 1)))
        return logits
