"""A run of Sparring on the workers of a Ray cluster: `pip install 'ray[train]' sparring`, then `python ray_train.py`.

Ray Train makes the process group; Sparring finds it and uses it as it is. The folder of runs must be one that the
worker of rank 0 can write, and that of the data one that all can read.
"""

import ray.train
from ray.train import ScalingConfig
from ray.train.torch import TorchTrainer

import sparring


def play(config: dict[str, str]) -> None:
    """What each worker does: all follow the first one."""
    outcome = sparring.train("dcgan", data=config["data"], runs=config["runs"], name="on-ray", minutes=30)
    if ray.train.get_context().get_world_rank() == 0:
        print(f"{outcome.folder}: {outcome.images:,} images, {outcome.images_per_second:,.0f} a second")


if __name__ == "__main__":
    TorchTrainer(
        play,
        train_loop_config={"data": "/shared/photos", "runs": "/shared/runs"},
        scaling_config=ScalingConfig(num_workers=4, use_gpu=True),
    ).fit()
