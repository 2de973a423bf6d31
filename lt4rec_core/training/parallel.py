"""Training by several processes at once: each learns from its share of every batch.

`torchrun` starts them; all hold the same samples, weights and masks, and go through the same
steps. Before a step's update their gradients are added up, so that all of them take the step
that one process would take with the whole batch. Only the first one writes.
"""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import distributed, nn

from lt4rec_core.errors import WorkerError

_PATIENCE = datetime.timedelta(minutes=30)  # the first one may be writing large tables


@dataclass(frozen=True)
class World:
    """The processes that train one network together, seen from one of them.

    Attributes:
        rank: this process' number, from 0.
        size: how many there are; what one process does alone costs it nothing here.
    """

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes for all."""
        return self.rank == 0

    def share(self, rows_B: torch.Tensor) -> torch.Tensor:
        """Returns this process' rows of a batch; shares differ by one row at most."""
        return rows_B if self.size == 1 else rows_B.tensor_split(self.size)[self.rank]

    def parts(self, counts: Mapping[str, int]) -> dict[str, float]:
        """Returns which part this process has of what all have counted; none where all is zero."""
        totals = self._sum(list(counts.values()))
        pairs = zip(counts.items(), totals, strict=True)
        return {name: count / total for (name, count), total in pairs if total}

    def any(self, asked: bool) -> bool:
        """Says whether any process says so."""
        return bool(self._sum([asked])[0])

    def decide(self, question: Callable[[], bool]) -> bool:
        """Returns the first process' answer; the others don't even look."""
        return self.any(self.first and question())

    def wait(self) -> None:
        """Waits until all processes are here."""
        self._sum([0])

    def gather(self, values_N: torch.Tensor) -> torch.Tensor:
        """Returns the processes' values (any number of rows each) one after the other."""
        if self.size == 1:
            return values_N
        lengths = self._sum([len(values_N) if rank == self.rank else 0 for rank in self._ranks])
        return torch.cat(self._gathered(values_N, [int(length) for length in lengths]))

    def add_up(
        self, parameters: Sequence[nn.Parameter], table: nn.Parameter, losses: Mapping[str, float]
    ) -> dict[str, float]:
        """Makes every gradient the sum of the processes', and returns the sums of `losses`.

        Args:
            parameters: those with dense gradients, of one type and device.
            table: the one whose gradient is row-sparse; rows and their values are exchanged.
            losses: by name, the same names everywhere.
        """
        if self.size == 1:
            return dict(losses)
        own = None if table.grad is None else table.grad.coalesce()
        rows = [
            0 if own is None or rank != self.rank else own.indices().shape[1]
            for rank in self._ranks
        ]
        there = [parameter.grad is not None for parameter in parameters]
        told = torch.tensor([*there, *rows, *losses.values()], device=table.device)
        gradients = [
            torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            for parameter in parameters
        ]
        buffer = torch.cat([told, *(gradient.flatten() for gradient in gradients)])
        with _in_touch():
            distributed.all_reduce(buffer)
        sizes = [len(told), *(gradient.numel() for gradient in gradients)]
        told, *sums = torch.split(buffer, sizes)
        numbers = told.tolist()
        for parameter, total, seen in zip(parameters, sums, numbers, strict=False):
            parameter.grad = total.view_as(parameter) if seen else None
        counts = [int(count) for count in numbers[len(there) : len(there) + self.size]]
        table.grad = self._rows(table, own, counts) if any(counts) else None
        return dict(zip(losses, numbers[len(there) + self.size :], strict=True))

    def _rows(
        self, table: nn.Parameter, own: torch.Tensor | None, counts: Sequence[int]
    ) -> torch.Tensor:
        """Returns the row-sparse gradient of all processes, each row once."""
        if own is None:
            rows_U = torch.zeros(0, dtype=torch.int64, device=table.device)
            values_UD = table.new_zeros(0, table.shape[1])
        else:
            rows_U, values_UD = own.indices()[0], own.values()
        rows = torch.cat(self._gathered(rows_U, counts))
        values = torch.cat(self._gathered(values_UD, counts))
        return torch.sparse_coo_tensor(rows.unsqueeze(0), values, table.shape).coalesce()

    def _gathered(self, values: torch.Tensor, lengths: Sequence[int]) -> list[torch.Tensor]:
        """Returns every process' values [length, …]; they travel padded to the longest."""
        padded = values.new_zeros(max(lengths), *values.shape[1:])
        padded[: len(values)] = values
        received = [torch.empty_like(padded) for _ in lengths]
        with _in_touch():
            distributed.all_gather(received, padded)
        return [each[:length] for each, length in zip(received, lengths, strict=True)]

    def _sum(self, numbers: Sequence[float]) -> list[float]:
        if self.size == 1:
            return list(numbers)
        total = torch.tensor(numbers, dtype=torch.float64)
        with _in_touch():
            distributed.all_reduce(total)
        return [float(number) for number in total]

    @property
    def _ranks(self) -> range:
        return range(self.size)


ALONE = World()
"""One process, which waits for nobody."""


def world() -> World:
    """Returns the processes that this one was joined to; it is alone otherwise."""
    if distributed.is_available() and distributed.is_initialized():
        return World(distributed.get_rank(), distributed.get_world_size())
    return ALONE


@contextlib.contextmanager
def joined(device: str) -> Iterator[World]:
    """Joins the processes that torchrun started; its environment variables say which.

    Numbers on the CPU travel by gloo, tensors on GPUs by NCCL; each process of a machine
    has a GPU of its own.
    """
    backend = "gloo"
    if device.startswith("cuda"):
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        backend = "cpu:gloo,cuda:nccl"
    with _in_touch():
        distributed.init_process_group(backend, timeout=_PATIENCE)
    try:
        yield world()
    finally:
        distributed.destroy_process_group()


def threads_each(threads: int) -> int:
    """Returns the threads of one process: as configured, or its share of the machine's cores."""
    beside = int(os.environ.get("LOCAL_WORLD_SIZE", "1")) if world().size > 1 else 1
    return threads or max(1, len(os.sched_getaffinity(0)) // beside)


@contextlib.contextmanager
def _in_touch() -> Iterator[None]:
    """Says in words that another process is gone."""
    try:
        yield
    except RuntimeError as error:
        raise WorkerError(
            f"the processes of this training lost touch ({str(error).splitlines()[0]}): one was "
            "killed, perhaps for want of memory, or can't be reached; run again: training goes "
            "on from its last saved state"
        ) from error
