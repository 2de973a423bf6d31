"""Where each field's ids stand in the one stacked embedding matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lt4rec_core.data.features import FeatureMap


@dataclass(frozen=True)
class Layout:
    """Fields and tables of a network's input.

    Attributes:
        fields: names of the F fields, in the order of the network's input.
        tables: (name, rows) of each embedding table, in stacking order.
        lookups: for each field, the position in `tables` of the table it looks up.
    """

    fields: tuple[str, ...]
    tables: tuple[tuple[str, int], ...]
    lookups: tuple[int, ...]

    @property
    def rows(self) -> int:
        """Rows of all tables stacked."""
        return sum(rows for _, rows in self.tables)

    @property
    def table_offsets(self) -> tuple[int, ...]:
        """First row of each table."""
        return _running_sum([rows for _, rows in self.tables])

    @property
    def field_offsets(self) -> tuple[int, ...]:
        """First row of each field's table: what is added to an id inside the table."""
        offsets = self.table_offsets
        return tuple(offsets[table] for table in self.lookups)


def layout_of(features: FeatureMap) -> Layout:
    """Returns the layout of a dataset's features, in their own order."""
    tables = [table.name for table in features.tables]
    return Layout(
        fields=tuple(field.name for field in features.fields),
        tables=tuple((table.name, table.size) for table in features.tables),
        lookups=tuple(tables.index(field.table) for field in features.fields),
    )


def _running_sum(sizes: Sequence[int]) -> tuple[int, ...]:
    sums = [0]
    for size in sizes[:-1]:
        sums.append(sums[-1] + size)
    return tuple(sums)
