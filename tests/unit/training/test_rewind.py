from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from lt4rec_core.config import Config, Warmup
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.errors import ArtifactError
from lt4rec_core.stages.warmup import warmup
from lt4rec_core.tracking import SilentTracker
from lt4rec_core.training.checkpoint import Checkpoint
from lt4rec_core.training.ground import prepare
from lt4rec_core.training.rewind import rewind

BOTH = ("ctr", "cvr")


@pytest.fixture(scope="module")
def init(
    tiny_config: Config, tiny_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Checkpoint:
    config = replace(tiny_config, warmup=Warmup(epochs=0.2, keep_optimizer=True))
    folder = tmp_path_factory.mktemp("init")
    return warmup(config, tiny_dataset, folder / "s", folder / "w", SilentTracker())


def rewound(
    config: Config, dataset: Dataset, init: Checkpoint, to: str, tasks: tuple[str, ...] = BOTH
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Returns weights and moments of a network that was trained, and then rewound."""
    ground = prepare(config, dataset)
    network = ground.network("connection_share", tasks)
    optimizer = ground.optimizer(network)
    network(ground.samples.batch(torch.arange(32)), tasks, {})[tasks[0]].sum().backward()
    optimizer.step({})
    rewind(ground, network, optimizer, init, to)
    return network.state_dict(), optimizer.state()


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def test_weights_and_moments_go_back_to_the_warmed_up_network(
    tiny_config: Config, tiny_dataset: Dataset, init: Checkpoint
) -> None:
    weights, moments = rewound(tiny_config, tiny_dataset, init, "warmup")
    assert same(weights, init.group("weights"))
    assert same(moments, init.group("moments"))


def test_a_fresh_draw_is_always_the_same_and_has_no_moments(
    tiny_config: Config, tiny_dataset: Dataset, init: Checkpoint
) -> None:
    weights, moments = rewound(tiny_config, tiny_dataset, init, "fresh")
    assert same(weights, rewound(tiny_config, tiny_dataset, init, "fresh")[0])
    assert not moments
    other = prepare(tiny_config, tiny_dataset).network("connection_share", BOTH).state_dict()
    assert not torch.equal(weights["over.0.weight"], other["over.0.weight"])


def test_a_network_of_one_task_takes_what_it_has_of_it(
    tiny_config: Config, tiny_dataset: Dataset, init: Checkpoint
) -> None:
    weights, _ = rewound(tiny_config, tiny_dataset, init, "warmup", ("cvr",))
    whole = init.group("weights")
    assert same(weights, {k: v for k, v in whole.items() if not k.startswith("output.ctr")})


@pytest.mark.parametrize("tasks", [BOTH, ("cvr",)])
def test_the_start_of_another_network_is_refused(
    tasks: tuple[str, ...], tiny_config: Config, tiny_dataset: Dataset, init: Checkpoint
) -> None:
    other = replace(tiny_config, model=replace(tiny_config.model, hidden=(16, 9)))
    with pytest.raises(ArtifactError, match="doesn't fit"):
        rewound(other, tiny_dataset, init, "warmup", tasks)
