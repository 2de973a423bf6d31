from __future__ import annotations

from pathlib import Path

import pytest

from lt4rec_core.config import Config, digest, from_mapping, load, to_mapping
from lt4rec_core.errors import ConfigError

FIELDS = {"fields": [{"name": "user"}]}
SLICE = {"name": "tab", "column": "tab"}
SHIPPED = sorted((Path(__file__).parents[3] / "pipelines" / "configs").glob("*.toml"))


def written(folder: Path, text: str) -> Path:
    path = folder / "run.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_are_the_paper_s_settings() -> None:
    config = from_mapping(FIELDS)
    assert (config.model.embedding_dim, config.model.hidden) == (64, (512, 256, 128))
    assert (config.optimizer.batch_size, config.optimizer.learning_rate) == (4096, 1e-4)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_configurations_load(path: Path) -> None:
    assert isinstance(load(path), Config)


def test_the_four_promised_configurations_are_shipped() -> None:
    assert {"demo", "kuairand", "tencent_sample", "production"} <= {path.stem for path in SHIPPED}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"optimizer": {"bach_size": 1}}, "optimizer.bach_size.*did you mean 'batch_size'"),
        ({"prunning": {}}, "prunning.*did you mean 'prune'"),
        ({"ingest": {"events": {"usr": "u"}}}, "ingest.events.usr.*did you mean 'user'"),
        ({"fields": [{"name": "u", "vlues": "multi"}]}, "vlues.*did you mean 'values'"),
        ({"model": {"zzz": 1}}, "model.zzz.*known keys are"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_known_one(
    values: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        from_mapping({**FIELDS, **values})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"optimizer": {"batch_size": "many"}}, "optimizer.batch_size.*got 'many'"),
        ({"prune": {"final_density": 0}}, "prune.final_density.*got 0"),
        ({"model": {"output": "both"}}, "model.output"),
        ({"model": {"hidden": [16, 0]}}, "model.hidden.1.*got 0"),
        ({"optimizer": {"learning_rate": float("inf")}}, "learning_rate.*finite.*got inf"),
        ({"register": {"length_exponent": float("nan")}}, "length_exponent.*finite.*got nan"),
        ({"fields": [{"name": "a", "values": "multi", "separator": ""}]}, "separator.*got ''"),
        ({"ingest": {"train_days": 10**8}}, "train_days.*got 100000000"),
        ({"ingest": {"events": {"click_window_minutes": 1e12}}}, "click_window_minutes"),
        ({"ingest": {"max_ids": 1 << 31}}, "max_ids"),
        ({"seed": 1 << 63}, "seed"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        from_mapping({**FIELDS, **values})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"fields": []}, "no \\[\\[fields\\]\\]"),
        ({"fields": [{"name": "a"}, {"name": "a"}]}, "'a' more than once"),
        ({"fields": [{"name": "a", "kind": "numeric", "values": "multi"}]}, "pick one"),
        ({"fields": [{"name": "a", "kind": "numeric", "boundaries": [2.0, 1.0]}]}, "must rise"),
        ({"fields": [{"name": "a", "boundaries": [1.0]}]}, 'set kind = "numeric"'),
        ({"fields": [{"name": "長" * 67}]}, "up to 200"),
        ({"register": {"model_name": "ranker.v2"}}, "MLflow takes no `.`"),
        ({"tasks": [{"name": "ctr"}, {"name": "overlap"}]}, "'overlap', which stands beside"),
        ({"evaluate": {"slices": [SLICE, SLICE]}}, "'tab' more than once"),
        ({"ingest": {"events": {"clicks": "events", "plays": "events"}}}, "three folders"),
        ({"ingest": {"events": {"outcomes": ["like", "like"]}}}, "'like' more than once"),
        ({"ingest": {"events": {"outcomes": ["click"]}}}, "'click', a label"),
        ({"ingest": {"tables": {"x": {"min_count": 2}}}}, "no categorical field looks up"),
        ({"tasks": []}, "no \\[\\[tasks\\]\\]"),
        (
            {
                "fields": [
                    {"name": "a", "table": "t"},
                    {"name": "b", "table": "t", "kind": "numeric"},
                ]
            },
            "can't be shared",
        ),
    ],
)
def test_contradictions_between_sections_are_refused(
    values: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        from_mapping({**FIELDS, **values})


def test_overrides_reach_sections_and_entries_by_name(tmp_path: Path) -> None:
    path = written(tmp_path, '[[fields]]\nname = "user"\n[[tasks]]\nname = "ctr"\n')
    config = load(path, ["optimizer.batch_size=7", "tasks.ctr.weight=0.5", "name=other"])
    assert (config.optimizer.batch_size, config.tasks[0].weight, config.name) == (7, 0.5, "other")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("seed", "section.key=value"),
        ("seed.x=1", "is a value, not a section"),
        ("fields.nobody.table=x", "no entry is named 'nobody'"),
        ("optimizer.bach_size=1", "did you mean 'batch_size'"),
    ],
)
def test_an_override_that_fits_nothing_is_refused(
    override: str, message: str, tmp_path: Path
) -> None:
    path = written(tmp_path, 'seed = 1\n[[fields]]\nname = "user"\n')
    with pytest.raises(ConfigError, match=message):
        load(path, [override])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no configuration file at .*absent\.toml"):
        load(tmp_path / "absent.toml")


def test_what_is_not_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read as TOML"):
        load(written(tmp_path, "seed = = 1"))


def test_a_configuration_survives_json() -> None:
    config = from_mapping({**FIELDS, "model": {"hidden": [3, 2]}})
    assert from_mapping(to_mapping(config)) == config


def test_the_digest_follows_the_content() -> None:
    one, same, other = (from_mapping({**FIELDS, "seed": seed}) for seed in (1, 1, 2))
    assert digest(one) == digest(same) != digest(other)


ABSURD = ["[" * 3000, "[" * 3000 + "]" * 3000, "{a=" * 3000, "9" * 5000]


@pytest.mark.parametrize("value", ABSURD)
def test_an_absurd_value_is_refused(tmp_path, value):
    path = tmp_path / "config.toml"
    path.write_text(f"seed = {value}")
    with pytest.raises(ConfigError, match="can't be"):
        load(path)


@pytest.mark.parametrize("value", [*ABSURD, "1"])
def test_an_absurd_override_is_refused(tmp_path, value):
    path = tmp_path / "config.toml"
    path.write_text('[[fields]]\nname = "user_id"\n[model]\nhidden = [8, 4]\n')
    with pytest.raises(ConfigError):
        load(path, [f"model.hidden.x.y={value}"])


@pytest.mark.parametrize(
    "sections",
    [
        {"tracking": {"uri": "postgresql://user:hush@db/mlflow"}},
        {"tracking": {"uri": "postgresql://db/mlflow?user=u&password=hush"}},
        {"cluster": {"source": "https://user:hush@logs"}},
        {"cluster": {"kubeflow": {"host": "https://user:hush@kubeflow"}}},
        {"ingest": {"s3": {"endpoint_url": "http://user:hush@s3"}}},
        {"fields": [{"name": "user", "column": "http://:hush@s3"}]},
    ],
)
def test_a_password_in_an_address_is_refused_and_not_shown(sections) -> None:
    with pytest.raises(ConfigError, match="has a password") as caught:
        from_mapping({**FIELDS, **sections})
    assert "hush" not in str(caught.value)
