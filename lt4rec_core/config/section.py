"""What every section of the configuration is: a frozen dataclass that refuses unknown keys."""

from __future__ import annotations

from typing import TypeVar, cast, dataclass_transform

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

T = TypeVar("T")
_REFUSED = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(Field,))
def section(cls: type[T]) -> type[T]:
    """Makes `cls` a frozen, validated, keyword-only dataclass: no unknown keys, no infinity."""
    make = dataclass(frozen=True, kw_only=True, config=_REFUSED)
    return cast("type[T]", make(cls))
