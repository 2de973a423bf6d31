"""Any bytes as a configuration, and any text as an override, end in a Config or a ConfigError."""

from __future__ import annotations

from pathlib import Path

from lt4rec_core.config import digest, from_mapping, load, to_mapping
from lt4rec_core.data.declaration import declare
from lt4rec_core.data.sources.registry import find
from lt4rec_core.errors import ConfigError

PROJECT = Path(__file__).resolve().parents[2]
CONFIGS = sorted(
    [*(PROJECT / "pipelines" / "configs").glob("*.toml"), *PROJECT.glob("tests/e2e/*.toml")]
)
BASE = """
[[fields]]
name = "user_id"
[[tasks]]
name = "ctr"
[[tasks]]
name = "cvr"
"""
OVERRIDES = (
    b"prune.rounds=3",
    b'fields.user_id.table="x"',
    b"tasks.ctr.weight=0.5",
    b"model.hidden=[8, 4]",
    b"register.exponents={ctr = 2.0}",
    b"synthetic.start_date=2026-01-01",
    b"comparison.search.optimizer={low = 1, high = 2}",
    b"ingest.tables.user_id.max_ids=9",
)


def read(path: Path) -> None:
    beside = path.parent / "demo.toml"  # comparison.toml names it
    if not beside.exists():
        beside.write_bytes((PROJECT / "pipelines" / "configs" / "demo.toml").read_bytes())
    config = load(path)
    declare(config, find(config.ingest.source))
    assert from_mapping(to_mapping(config)) == config
    digest(config)


def test_a_configuration_is_read_or_refused(fuzz):
    fuzz("config", [path.read_bytes() for path in CONFIGS], read)


def test_an_override_is_applied_or_refused(fuzz, tmp_path):
    base = tmp_path / "base.toml"
    base.write_text(BASE)

    def override(path: Path) -> None:
        try:
            text = path.read_bytes().decode()
        except UnicodeDecodeError as error:
            raise ConfigError(str(error)) from error
        load(base, [text])

    fuzz("override", OVERRIDES, override)
