"""Packs a ranking model as an MLflow model that runs where the project isn't installed."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lt4rec_core.data.dataset import Dataset
from lt4rec_core.ranking.layout import RankingLayout
from lt4rec_core.ranking.scorer import RANK_SCORE, Scorer
from lt4rec_core.stages.register import raw_rows

_CODE = ("__init__.py", "artifact.py", "errors.py", "ranking")
_REQUIREMENTS = ("mlflow-skinny", "numpy", "pandas", "safetensors")
_EXAMPLE_ROWS = 5


def pack(
    ranking: Path, dataset: Dataset, scratch: Path, target: Path, model_id: str, run_id: str
) -> None:
    """Writes the MLflow model of the ranking model's folder `ranking` to `target`.

    It has a signature of raw features, an input example of the test day, pinned
    requirements, and the few files of the project that score. `scratch` is for
    temporary files.
    """
    import lt4rec_core

    layout = Scorer.load(ranking).layout
    code = scratch / "code" / "lt4rec_core"
    code.mkdir(parents=True, exist_ok=True)
    for name in _CODE:
        source = Path(lt4rec_core.__file__).with_name(name)
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "export.py")
            shutil.copytree(source, code / name, ignore=ignored, dirs_exist_ok=True)
        else:
            shutil.copyfile(source, code / name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow warns of its own type hints and use of pandas
        from mlflow.models import Model
        from mlflow.pyfunc import save_model

        save_model(
            str(target),
            python_model=str(Path(__file__).with_name("ranking_model.py")),
            artifacts={"ranking": str(ranking)},
            code_paths=[str(code)],
            signature=_signature(layout),
            input_example=_example(layout, dataset),
            pip_requirements=[f"{name}=={version(name)}" for name in _REQUIREMENTS],
            mlflow_model=Model(run_id=run_id, model_uuid=model_id, model_id=model_id),
        )


def _kinds(layout: RankingLayout) -> dict[str, str]:
    """How each raw column is passed: "text", "texts" or "number"."""
    kinds = {
        field.column: "number"
        if field.kind == "numeric"
        else {"single": "text", "multi": "texts"}[field.values]
        for field in layout.fields
    }
    return kinds if layout.length is None else {**kinds, layout.length.column: "number"}


def _signature(layout: RankingLayout) -> Any:
    from mlflow.models.signature import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema
    from mlflow.types.schema import Array

    types = {
        "text": DataType.string,
        "number": DataType.double,
        "texts": Array(DataType.string),
    }
    # MLflow takes missing values of a list column only where the column is optional;
    # a missing column is refused by the scorer.
    inputs = [
        ColSpec(types[kind], name, required=kind != "texts")
        for name, kind in _kinds(layout).items()
    ]
    outputs = [ColSpec(DataType.float, f"p{task}") for task in layout.tasks]
    return ModelSignature(
        inputs=Schema(inputs), outputs=Schema([*outputs, ColSpec(DataType.double, RANK_SCORE)])
    )


def _example(layout: RankingLayout, dataset: Dataset) -> Any:
    """The first test rows, as a data frame of exactly the types of the signature."""
    import pandas as pd

    kinds = _kinds(layout)
    rows: Mapping[str, Any] = next(raw_rows(dataset, "test", tuple(kinds)))
    types = {"text": "object", "texts": "object", "number": "float64"}

    def column(name: str, kind: str) -> Any:
        values: Sequence[Any] = rows[name].head(_EXAMPLE_ROWS).to_list()
        return pd.Series(values, dtype=types[kind])

    return pd.DataFrame({name: column(name, kind) for name, kind in kinds.items()})
