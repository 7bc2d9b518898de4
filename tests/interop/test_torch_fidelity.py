"""Our numbers beside torch-fidelity's, with the same random weights: `make interop` installs it apart and runs this.

torch-fidelity needs torchvision, whose wheel does not import beside a CPU torch until two operators are declared that
nobody uses here.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from sparring.metrics import inception
from sparring.metrics.classes import inception_score
from sparring.metrics.features import look
from sparring.metrics.frechet import frechet_distance
from sparring.metrics.kernel import kernel_distance
from sparring.metrics.moments import moments
from sparring.metrics.neighbours import manifold

pytestmark = [pytest.mark.interop, pytest.mark.filterwarnings("default")]

COUNT = 64


@pytest.fixture(scope="module")
def fidelity() -> Any:
    for name in ("nms", "qnms"):
        torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torch_fidelity

    return torch_fidelity


@pytest.fixture(scope="module")
def network() -> inception.Inception:
    torch.manual_seed(0)
    made = inception.Inception()
    for name, tensor in made.state_dict().items():
        if name.endswith("running_mean"):
            tensor.normal_(0, 0.1)
        elif name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
        elif name.endswith("conv.weight"):
            tensor.normal_(0, (2 / tensor[0].numel()) ** 0.5)  # so that pictures still differ at the end
    return made


def pictures(seed: int, side: int = 32) -> NDArray[np.uint8]:
    """Smooth noise, brighter with another seed."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 200 + 55 * seed, (COUNT, side // 4, side // 4, 3), np.uint8)
    fine: NDArray[np.uint8] = coarse.repeat(4, 1).repeat(4, 2)
    return fine


class Rows(torch.utils.data.Dataset[torch.Tensor]):
    def __init__(self, rows: NDArray[np.uint8]) -> None:
        self.rows = torch.from_numpy(rows.transpose(0, 3, 1, 2).copy())

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, number: int) -> torch.Tensor:
        return self.rows[number]


def test_distances_and_score(fidelity: Any, network: inception.Inception, tmp_path: Path) -> None:
    weights = tmp_path / "weights.pth"
    torch.save(network.state_dict(), weights)
    real, fake = pictures(0), pictures(1)
    theirs = fidelity.calculate_metrics(
        input1=Rows(fake),
        input2=Rows(real),
        cuda=False,
        fid=True,
        kid=True,
        isc=True,
        isc_splits=1,
        isc_splits_shuffle=False,
        kid_subsets=1,
        kid_subset_size=COUNT,
        feature_extractor_weights_path=str(weights),
        feature_extractor_internal_dtype="float32",
        save_cpu_ram=True,
        verbose=False,
        cache=False,
    )
    ours = {name: look(network, side) for name, side in (("real", real), ("fake", fake))}
    fid = frechet_distance(moments(ours["real"].features), moments(ours["fake"].features))
    kid = kernel_distance(ours["real"].features, ours["fake"].features).value
    assert ours["fake"].probabilities is not None
    assert fid == pytest.approx(theirs["frechet_inception_distance"], rel=1e-5)
    assert kid == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-5)
    assert inception_score(ours["fake"].probabilities) == pytest.approx(theirs["inception_score_mean"], rel=1e-5)


def test_precision_and_recall(fidelity: Any) -> None:
    from torch_fidelity.metric_prc import prc_features_to_metric

    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(400, 16)), 0.8 * rng.normal(size=(400, 16)) + 0.2
    settings = {"prc_neighborhood": 3, "prc_batch_size": 100, "save_cpu_ram": True, "verbose": False}
    theirs = prc_features_to_metric(torch.from_numpy(fake), torch.from_numpy(real), **settings)
    ours = manifold(real, fake, k=3)
    assert ours.precision == pytest.approx(theirs["precision"])
    assert ours.recall == pytest.approx(theirs["recall"])
