import json
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest

from lt4rec_core.artifact import sealed
from lt4rec_core.errors import ArtifactError, InputError
from lt4rec_core.ranking.scorer import Scorer

ROWS = {"user_id": ["u1", "x"], "tags": ["red|blue", "red"], "age": [20, "30"], "length": [1, 2]}


@pytest.fixture
def folder(make_layout, make_network, save):
    layout = make_layout()
    return save(layout, make_network(layout))


def test_columns_may_be_lists_arrays_or_data_frames(folder):
    scorer = Scorer.load(folder)
    expected = scorer.score(ROWS)["pctr"]
    plain = {**ROWS, "age": [20.0, 30.0]}
    for columns in (
        {name: np.array(values) for name, values in plain.items()},
        pd.DataFrame(plain),
        {name: pl.Series(values) for name, values in plain.items()},
    ):
        np.testing.assert_array_equal(scorer.score(columns)["pctr"], expected)


def test_it_says_which_raw_columns_it_needs(folder):
    assert Scorer.load(folder).columns == ("user_id", "tags", "age", "length")


def test_a_missing_column_is_named(folder):
    with pytest.raises(InputError, match=r"\['tags'\] are missing"):
        Scorer.load(folder).score({name: ROWS[name] for name in ROWS if name != "tags"})


def test_columns_of_unequal_length_are_refused(folder):
    with pytest.raises(InputError, match="differ in length"):
        Scorer.load(folder).score({**ROWS, "age": [1]})


def test_a_list_in_a_single_valued_column_is_refused(folder):
    with pytest.raises(InputError, match="'user_id' holds lists"):
        Scorer.load(folder).score({**ROWS, "user_id": [["u1"], ["u2"]]})


def test_a_list_in_a_numeric_column_is_refused(folder):
    with pytest.raises(InputError, match="'age' holds lists"):
        Scorer.load(folder).score({**ROWS, "age": [[1], [2]]})


@pytest.mark.parametrize("name", ["model.safetensors", "vocabulary/tag.json"])
def test_a_changed_file_is_refused(folder, name):
    path = folder / name
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(ArtifactError, match="was changed after its export"):
        Scorer.load(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "vocabulary/tag.json", "ranking.json"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ArtifactError, match=name):
        Scorer.load(folder)


@pytest.mark.parametrize(
    "change",
    [{"format": 3}, {"kind": "dataset"}, {"hidden": None}, {"tasks": ["ctr", "ctr"]}],
)
def test_another_format_is_refused(folder, change):
    path = folder / "ranking.json"
    path.write_text(json.dumps(sealed({**json.loads(path.read_text()), **change})))
    with pytest.raises(ArtifactError, match=r"ranking\.json can't be used"):
        Scorer.load(folder)


def test_weights_of_another_layout_are_refused(folder):
    path = folder / "ranking.json"
    path.write_text(json.dumps(sealed({**json.loads(path.read_text()), "hidden": [8, 6]})))
    with pytest.raises(ArtifactError, match="weights and layout don't belong together"):
        Scorer.load(folder)


def test_scoring_imports_nothing_but_numpy_and_safetensors():
    code = (
        "import sys; import lt4rec_core.ranking.scorer; "
        "heavy = {'torch', 'polars', 'pydantic', 'pandas', 'pyarrow', 'mlflow'}; "
        "print(sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
