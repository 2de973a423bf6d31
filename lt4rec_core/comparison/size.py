"""How large an arm's networks are."""

from __future__ import annotations

from lt4rec_core.comparison.training import TrainedArm
from lt4rec_core.config import Config
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.stages.evaluate import load_network


def size_of(config: Config, dataset: Dataset, trained: TrainedArm) -> dict[str, int]:
    """Returns `parameters`: the weights of all of the arm's networks, embeddings among them."""
    networks = [
        load_network(config, dataset, config.model.sharing, names, checkpoint)
        for names, checkpoint in trained.networks.items()
    ]
    return {
        "parameters": sum(
            weight.numel() for network in networks for weight in network.parameters()
        ),
    }
