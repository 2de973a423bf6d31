"""Where the search for settings looks next: a pure function of what was tried before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lt4rec_core.config import Config, Range, to_mapping
from lt4rec_core.config.load import value_at
from lt4rec_core.errors import ConfigError

_DIGITS = 4


@dataclass(frozen=True)
class Trial:
    """Settings that were tried, and their skill on the validation rows; higher is better."""

    settings: Mapping[str, Any]
    skill: float


def ranges_of(config: Config, arm: str) -> dict[str, Range]:
    """Returns where the search looks for `arm`, setting by setting.

    Raises:
        ConfigError: nothing is to be searched, or a range is empty.
    """
    comparison = config.comparison
    ranges = {**comparison.search, **comparison.search_of.get(arm, {})}
    if not ranges:
        raise ConfigError(f"[comparison] search gives no range for {arm}; there is nothing to tune")
    for setting, range_ in ranges.items():
        if not range_.choices and not range_.low < range_.high:
            raise ConfigError(
                f"[comparison] search {setting!r} has neither choices nor low < high, but "
                f"low {range_.low} and high {range_.high}"
            )
        if range_.log and range_.low <= 0:
            raise ConfigError(f"[comparison] search {setting!r} is logarithmic and starts at 0")
    return ranges


def start(config: Config, ranges: Mapping[str, Range]) -> dict[str, Any]:
    """Returns the configuration's own settings where they lie in their ranges.

    They are tried first: no arm is to come out of the search worse than it went in.
    """
    values = to_mapping(config)
    found = {setting: value_at(values, setting) for setting in ranges}
    return {name: value for name, value in found.items() if _holds(ranges[name], value)}


def suggest(
    ranges: Mapping[str, Range],
    first: Mapping[str, Any],
    tried: Sequence[Trial],
    seed: int,
) -> dict[str, Any]:
    """Returns the settings to try after `tried`: the same ones for the same arguments.

    Optuna's tree-structured Parzen estimator proposes; numbers are cut to four digits,
    so that what is written down is what was tried.

    Args:
        ranges: by setting.
        first: what the first trial takes, as far as it's given.
        tried: all trials so far, in order.
        seed: of the search.
    """
    optuna = _optuna()
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=_mixed(seed, len(tried)))
    )
    distributions = {name: _distribution(range_) for name, range_ in ranges.items()}
    for trial in tried:
        places = {name: _place(ranges[name], value) for name, value in trial.settings.items()}
        study.add_trial(
            optuna.trial.create_trial(params=places, distributions=distributions, value=trial.skill)
        )
    if not tried:
        study.enqueue_trial({name: _place(ranges[name], value) for name, value in first.items()})
    asked = study.ask(distributions).params
    return {name: _value(ranges[name], asked[name]) for name in ranges}


def _holds(range_: Range, value: Any) -> bool:
    if range_.choices:
        return _plain(value) in [_plain(choice) for choice in range_.choices]
    return isinstance(value, (int, float)) and range_.low <= value <= range_.high


def _distribution(range_: Range) -> Any:
    distributions = _optuna().distributions
    if range_.choices:
        return distributions.CategoricalDistribution(range(len(range_.choices)))
    return distributions.FloatDistribution(range_.low, range_.high, log=range_.log)


def _place(range_: Range, value: Any) -> Any:
    """Returns how Optuna knows a value: choices by their place, for they may be lists."""
    if range_.choices:
        return [_plain(choice) for choice in range_.choices].index(_plain(value))
    return min(max(value, range_.low), range_.high)


def _value(range_: Range, place: Any) -> Any:
    if range_.choices:
        return _plain(range_.choices[place])
    return float(f"{place:.{_DIGITS}g}")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, (tuple, list)) else value


def _mixed(seed: int, place: int) -> int:
    return (seed * 10_007 + place) % 2**32


def _optuna() -> Any:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
