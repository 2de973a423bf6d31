"""What each choice in connection_share is worth: a table a group of variants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lt4rec_core.report.results import arrow
from lt4rec_core.report.sections.cells import events_of, gain, measured_on, shares, value, verdict
from lt4rec_core.report.sections.section import Absent, Section, Table
from lt4rec_core.report.wording import MISSING


def section(summary: Mapping[str, Any]) -> Section | Absent:
    """Shows each variant's metrics, gain over single_task and difference to its arm."""
    groups = summary.get("ablations")
    if not groups:
        return Absent("Ablations: not asked for (--ablations), or no variants are configured.")
    lead = (
        "Every variant is its arm with the settings named, all else being equal; its arm, as it "
        "is configured, is the first row. The difference is the variant's gain over that row: "
        "below zero, the choice made there is the better one. "
        f"{_seeds(summary, groups)}{measured_on(summary, 'all')}"
    )
    tables = tuple(_table(summary, group, variants) for group, variants in groups.items())
    return Section("Ablations", lead, tables)


def _seeds(summary: Mapping[str, Any], groups: Mapping[str, Any]) -> str:
    """Says so where variants have fewer seeds than arms, whose mean is then of others too."""
    counts = [len(about["masks"]) for variants in groups.values() for about in variants.values()]
    if min(counts) == len(summary["seeds"]):
        return ""
    of = f"{min(counts)} of the {len(summary['seeds'])} seeds"
    return f"Variants have {of}: their gains and differences are taken on these alone. "


def _table(summary: Mapping[str, Any], group: str, variants: Mapping[str, Any]) -> Table:
    heads = ["variant", "settings", "kept"]
    for task, metric in summary["tasks"].items():
        heads += [f"{task} {metric} {arrow(metric)}", "MTL gain", "difference", ""]
    rows = [
        _row(summary, arm, _own(variants, arm), _as_configured(summary, arm))
        for arm in dict.fromkeys(about["arm"] for about in variants.values())
    ]
    rows += [_row(summary, name, about["set"], about) for name, about in variants.items()]
    return Table(group, "", tuple(heads), tuple(rows))


def _row(
    summary: Mapping[str, Any], name: str, settings: Mapping[str, Any], about: Mapping[str, Any]
) -> tuple[str, ...]:
    cells = [name, _settings(settings), _kept(about["masks"])]
    events = events_of(summary)
    for task in summary["tasks"]:
        found = about["tasks"].get(task)
        difference = found.get("difference") if found else None
        cells += [value(found), gain(found.get("mtl_gain") if found else None)]
        cells += [gain(difference), verdict(difference, events.get(task))]
    return tuple(cells)


def _own(variants: Mapping[str, Any], arm: str) -> dict[str, Any]:
    """Returns the values that `arm` has of all settings that its variants vary."""
    own: dict[str, Any] = {}
    for about in variants.values():
        if about["arm"] == arm:
            own |= about["instead_of"]
    return own


def _as_configured(summary: Mapping[str, Any], arm: str) -> dict[str, Any]:
    tasks = {
        task: judged["arms"][arm]
        for task, judged in summary["parts"]["all"].items()
        if arm in judged["arms"]
    }
    return {"masks": summary["arms"][arm]["masks"], "tasks": tasks}


def _settings(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {said}" for name, said in settings.items()) or MISSING


def _kept(masks: list[Mapping[str, Any]]) -> str:
    """Says the share of connections that each task keeps, mean and spread over seeds."""
    said = (f"{task} {shares([of[task]['density'] for of in masks])}" for task in masks[0])
    return ", ".join(said) or MISSING
