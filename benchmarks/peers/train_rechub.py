"""Trains a model of torch-rechub for one epoch: MODEL FILE."""

from __future__ import annotations

import sys

import numpy as np
import torch
from serve import serve
from torch.utils.data import DataLoader
from torch_rechub.basic.features import SequenceFeature, SparseFeature
from torch_rechub.models.multi_task import MMOE, SharedBottom
from torch_rechub.trainers import MTLTrainer
from torch_rechub.utils.data import TorchDataset

TASKS = ["classification", "classification"]


def main(name: str, path: str) -> None:
    """Builds the model, then trains it for each line of stdin."""
    data = np.load(path, allow_pickle=False)
    ids_NFV, lengths_NF = data["ids"], data["lengths"]
    hidden, dim = data["hidden"].tolist(), int(data["dim"])
    features, inputs = [], {}
    for field, rows in enumerate(data["sizes"].tolist()):
        longest = int(lengths_NF[:, field].max())
        key = f"f{field}"
        if longest > 1:
            features.append(SequenceFeature(key, rows, dim, pooling="mean", padding_idx=0))
            inputs[key] = ids_NFV[:, field, :longest]
        else:
            features.append(SparseFeature(key, rows, dim))
            inputs[key] = ids_NFV[:, field, 0]
    shared = {"dims": hidden[:-1], "activation": "relu", "dropout": 0}
    towers = [{"dims": hidden[-1:], "activation": "relu", "dropout": 0}] * len(TASKS)
    if name == "MMOE":
        model = MMOE(features, TASKS, 2, shared, towers)
    else:
        model = SharedBottom(features, TASKS, shared, towers)
    trainer = MTLTrainer(
        model, TASKS, optimizer_fn=torch.optim.Adam, optimizer_params={"lr": 1e-4}, n_epoch=1
    )
    loader = DataLoader(TorchDataset(inputs, data["labels"]), int(data["batch"]), shuffle=True)

    def epoch() -> None:
        trainer.train_one_epoch(loader)

    serve(epoch)


if __name__ == "__main__":
    main(*sys.argv[1:])
