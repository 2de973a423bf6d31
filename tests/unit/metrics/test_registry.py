import pytest

from lt4rec_core.errors import ConfigError
from lt4rec_core.metrics import METRICS, resolve


def test_finds_a_metric_by_name():
    assert resolve("auc") is METRICS["auc"]


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"'acu' isn't known.*'auc'"):
        resolve("acu")
