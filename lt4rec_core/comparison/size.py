"""How large an arm's networks are."""

from __future__ import annotations

from lt4rec_core.comparison.training import TrainedArm
from lt4rec_core.config import Config
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.layout import layout_of
from lt4rec_core.model import cost
from lt4rec_core.stages.evaluate import load_network


def size_of(config: Config, dataset: Dataset, trained: TrainedArm) -> dict[str, int]:
    """Returns what all of the arm's networks together have and do.

    These are `parameters`, embeddings among them; `multiply_adds`, of one impression and
    all tasks with dense layers; and `kept_multiply_adds`, of the connections that each
    task's mask keeps.
    """
    networks = [
        load_network(config, dataset, config.model.sharing, names, checkpoint)
        for names, checkpoint in trained.networks.items()
    ]
    layout = layout_of(dataset.features)
    masks = {task: mask.to(config.device).tensors for task, mask in trained.masks.items()}
    return {
        "parameters": sum(cost.parameters(network) for network in networks),
        "multiply_adds": sum(cost.multiply_adds(network, layout) for network in networks),
        "kept_multiply_adds": sum(
            cost.kept_multiply_adds(network, layout, masks) for network in networks
        ),
    }
