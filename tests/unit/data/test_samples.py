from __future__ import annotations

from collections.abc import Callable

import torch

from lt4rec_core.data.samples import Samples
from lt4rec_core.tasks import TASKS


def test_a_batch_holds_the_ids_of_its_rows_in_order(make_samples: Callable[..., Samples]) -> None:
    samples = make_samples(20)
    rows = torch.tensor([7, 3, 7, 19])
    batch = samples.batch(rows)
    expected = [samples.ids[samples.starts[r] : samples.starts[r + 1]] for r in rows]
    assert batch.ids.tolist() == torch.cat(expected).tolist()
    assert batch.size == 4


def test_bags_begin_where_each_field_of_each_row_does(make_samples: Callable[..., Samples]) -> None:
    samples = make_samples(20)
    batch = samples.batch(torch.tensor([5, 2]))
    lengths = torch.diff(batch.bags, append=torch.tensor([len(batch.ids)]))
    assert lengths.tolist() == samples.lengths[[5, 2]].flatten().tolist()


def test_the_population_of_cvr_is_the_clicks(make_samples: Callable[..., Samples]) -> None:
    samples = make_samples(50)
    clicked = samples.population(TASKS["cvr"])
    assert clicked.tolist() == samples.labels["click"].nonzero().flatten().tolist()
    assert len(samples.population(TASKS["ctr"])) == 50


def test_a_batch_without_rows_is_empty(make_samples: Callable[..., Samples]) -> None:
    batch = make_samples(5).batch(torch.tensor([], dtype=torch.int64))
    assert (batch.size, len(batch.ids), len(batch.bags)) == (0, 0, 0)
