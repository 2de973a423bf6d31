"""Chosen settings as TOML, to be kept in the configuration under version control."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from lt4rec_core.comparison.tune import Tuned


def chosen_toml(found: Sequence[Tuned], facts: Mapping[str, str]) -> str:
    """Returns the tables `[comparison.chosen.<arm>]`, with how they were found as comments.

    Args:
        found: one an arm.
        facts: what the search stood on, shown as it is.
    """
    lines = ["# Written by `lt4rec tune`: the best settings on the validation rows."]
    lines += [f"# {name}: {value}" for name, value in facts.items()]
    for tuned in found:
        best = tuned.trials[tuned.best]
        judged = ", ".join(f"{task} {value:.5f}" for task, value in best["validation"].items())
        lines += [
            "",
            f"# Trial {tuned.best + 1} of {len(tuned.trials)}, skill {best['skill']:.5f}: {judged}",
            f"[comparison.chosen.{tuned.arm}]",
            *(f"{json.dumps(name)} = {json.dumps(value)}" for name, value in tuned.chosen.items()),
        ]
    return "\n".join(lines) + "\n"
