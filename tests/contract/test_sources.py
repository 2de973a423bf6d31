"""What every source promises."""

from __future__ import annotations

import pytest

from lt4rec_core.config import Ingest
from lt4rec_core.data.sources import SOURCES, Columns, find
from lt4rec_core.errors import ConfigError, InputError

INGEST = Ingest()


@pytest.fixture(params=sorted(SOURCES))
def source(request):
    return SOURCES[request.param]


def test_it_gives_the_labels_of_the_two_first_tasks(source):
    assert source.labels(INGEST)[:2] == ("click", "watch_ratio")
    assert len(set(source.labels(INGEST))) == len(source.labels(INGEST))


def test_it_names_outcomes(source):
    assert source.outcomes(INGEST)


def test_it_says_whether_it_has_days(source):
    assert source.dated in (True, False)


@pytest.mark.parametrize("call", ["fingerprint", "days"])
def test_a_folder_that_is_not_there_is_refused(source, tmp_path, call):
    with pytest.raises(InputError, match="no such source folder"):
        getattr(source, call)(str(tmp_path / "nowhere"), INGEST)


@pytest.mark.parametrize("call", ["fingerprint", "days"])
def test_an_empty_folder_is_refused(source, tmp_path, call):
    with pytest.raises(InputError, match="no file"):
        getattr(source, call)(str(tmp_path), INGEST)


def test_reading_an_empty_folder_is_refused_and_leaves_nothing(source, tmp_path):
    folder, scratch = tmp_path / "log", tmp_path / "scratch"
    folder.mkdir()
    scratch.mkdir()
    days = ("2026-01-01",) if source.dated else ("",)
    ingest = Ingest(tfrecord={"user": "user"})
    with pytest.raises(InputError, match="no file"):
        list(source.read(str(folder), ingest, Columns(), days, scratch))
    assert not list(scratch.iterdir())


def test_an_unknown_source_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match=r"'event'.*did you mean 'events'"):
        find("event")
