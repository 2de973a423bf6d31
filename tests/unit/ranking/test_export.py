import json

import numpy as np
import pytest
from safetensors.numpy import load_file

from lt4rec_core.errors import ArtifactError
from lt4rec_core.ranking.export import export, fold
from lt4rec_core.ranking.layout import RankingLayout


@pytest.fixture
def weights(make_layout, make_network):
    return {name: t.numpy() for name, t in make_network(make_layout()).state_dict().items()}


def test_a_pruned_weight_is_zero_in_the_head(make_layout, make_network, make_masks):
    layout = make_layout()
    network = make_network(layout)
    weights = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    masks = {
        task: {name: tensor.numpy() for name, tensor in mask.items()}
        for task, mask in make_masks(network).items()
    }
    tensors = fold(layout, weights, masks)
    kept = masks["ctr"]["over.0.weight"]
    weight = network.over[0].weight.detach().numpy()
    np.testing.assert_array_equal(tensors["head.ctr.0.weight"], np.where(kept, weight, 0))


def test_the_same_model_exports_to_the_same_bytes(make_layout, make_network, save):
    layout = make_layout()
    one, other = (save(layout, make_network(layout)) for _ in range(2))
    for path in sorted(path for path in one.rglob("*") if path.is_file()):
        assert path.read_bytes() == (other / path.relative_to(one)).read_bytes()


def test_the_layout_comes_back_as_it_was(make_layout, make_network, save):
    layout = make_layout()
    text = (save(layout, make_network(layout)) / "ranking.json").read_text()
    assert RankingLayout.from_json(text)[0] == layout


def test_an_exponent_too_large_for_a_float_is_refused(make_layout):
    with pytest.raises(ArtifactError, match="too large"):
        RankingLayout.from_json(make_layout(exponents={"ctr": 10**400}).to_json({}))


def test_embeddings_are_stored_once(make_layout, make_network, save):
    layout = make_layout()
    tensors = load_file(save(layout, make_network(layout)) / "model.safetensors")
    assert [name for name in tensors if "embeddings" in name] == ["embeddings.weight"]


def test_a_mask_of_another_shape_is_refused(make_layout, weights):
    masks = {"ctr": {"over.0.weight": np.ones((2, 2), dtype=bool)}}
    with pytest.raises(ArtifactError, match=r"shape \(2, 2\) for 'over.0.weight'"):
        fold(make_layout(), weights, masks)


def test_a_mask_of_an_unknown_weight_is_refused(make_layout, weights):
    masks = {"ctr": {"over.9.weight": np.ones((2, 2), dtype=bool)}}
    with pytest.raises(ArtifactError, match=r"names \['over.9.weight'\]"):
        fold(make_layout(), weights, masks)


def test_a_missing_parameter_is_named(make_layout, weights):
    del weights["over.1.bias"]
    with pytest.raises(ArtifactError, match=r"no parameter 'over\.1\.bias'"):
        fold(make_layout(), weights, {})


def test_a_vocabulary_that_does_not_fill_its_table_is_refused(make_layout, weights, tmp_path):
    with pytest.raises(ArtifactError, match="table 'user' has 6 rows, but"):
        export(make_layout(), weights, {}, {"user": ["u1"], "tag": ["a", "b", "c"]}, tmp_path)


def test_nothing_is_pickled(make_layout, make_network, save):
    layout = make_layout()
    folder = save(layout, make_network(layout))
    names = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    assert names == [
        "model.safetensors",
        "ranking.json",
        "vocabulary/tag.json",
        "vocabulary/user.json",
    ]
    json.loads((folder / "ranking.json").read_text())
