"""Trains a model of deepctr-torch for one epoch: MODEL FILE."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import torch
from serve import serve

# When imported, deepctr-torch asks the net for its newest version; it needn't.
sys.modules["requests"] = ModuleType("requests")

from deepctr_torch.inputs import SparseFeat, VarLenSparseFeat  # noqa: E402
from deepctr_torch.models import ESMM, SharedBottom  # noqa: E402


def main(name: str, path: str) -> None:
    """Builds the model, then trains it for each line of stdin."""
    data = np.load(path, allow_pickle=False)
    ids_NFV, lengths_NF = data["ids"], data["lengths"]
    hidden, dim = data["hidden"].tolist(), int(data["dim"])
    columns, inputs = [], {}
    for field, rows in enumerate(data["sizes"].tolist()):
        longest = int(lengths_NF[:, field].max())
        feature = SparseFeat(f"f{field}", rows, embedding_dim=dim)
        if longest > 1:
            columns.append(VarLenSparseFeat(feature, longest, "mean"))
            inputs[f"f{field}"] = ids_NFV[:, field, :longest]
        else:
            columns.append(feature)
            inputs[f"f{field}"] = ids_NFV[:, field, 0]
    plain = {"l2_reg_embedding": 0, "l2_reg_linear": 0, "l2_reg_dnn": 0, "init_std": 0.01}
    if name == "ESMM":
        model = ESMM(columns, tower_dnn_hidden_units=hidden, **plain)
    else:
        model = SharedBottom(
            columns,
            bottom_dnn_hidden_units=hidden[:-1],
            tower_dnn_hidden_units=hidden[-1:],
            **plain,
        )
    model.compile(
        torch.optim.Adam(model.parameters(), 1e-4),
        loss=["binary_crossentropy", "binary_crossentropy"],
        metrics=[],
    )
    labels, batch = data["labels"], int(data["batch"])

    def epoch() -> None:
        model.fit(inputs, labels, batch_size=batch, epochs=1, verbose=0)

    serve(epoch)


if __name__ == "__main__":
    main(*sys.argv[1:])
