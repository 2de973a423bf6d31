"""The registered model: a file of code that MLflow copies beside the ranking model and runs.

It is never pickled. It needs numpy, safetensors, pandas and MLflow; the part of the
project that scores travels with it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc import PythonModel, PythonModelContext

from lt4rec_core.ranking.scorer import Scorer


class RankingModel(PythonModel):  # type: ignore[misc]  # MLflow's types aren't followed
    """From a data frame of raw features to `p<task>` for every task, and `rank_score`."""

    def load_context(self, context: PythonModelContext) -> None:
        """Reads the ranking model; raises ArtifactError where it isn't whole."""
        self._scorer = Scorer.load(Path(context.artifacts["ranking"]))

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002 - MLflow's protocol
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> pd.DataFrame:
        """Scores each row; raises InputError where a raw column is missing."""
        return pd.DataFrame(self._scorer.score(model_input), index=model_input.index)


mlflow.models.set_model(RankingModel())
