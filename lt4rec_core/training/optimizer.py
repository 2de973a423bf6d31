"""Adam that moves only what a mask owns: weights and moments outside stay bit-identical."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import nn
from torch.optim.adamw import adamw

from lt4rec_core.config import Optimizer

_MOMENTS = ("mean", "variance", "mean_seen", "variance_seen")
_LONG_AGO = 1e9  # steps after which 1 - beta^steps is one
_TINIEST = torch.finfo(torch.float32).tiny
_PIECE = 1 << 15  # values updated at a time: 128 KiB of each tensor


class MaskedAdam:
    """Adam (paper, section 3.1) for weights that several tasks own in part.

    A connection that both tasks own is updated by both tasks' batches, a private one by
    one task's only, so each connection counts its own updates. Adam's bias correction
    1 - beta^t is kept as the running mean of ones under the same mask, which is exactly
    that count's correction.

    Row-sparse gradients (embeddings) move the batch's rows only ("lazy" Adam: moments of
    other rows don't decay, with the step count of the whole table, as in
    `torch.optim.SparseAdam`); with `lazy_embeddings = false` they are treated as dense.
    """

    def __init__(self, parameters: Mapping[str, nn.Parameter], settings: Optimizer) -> None:
        self._parameters = dict(parameters)
        self._settings = settings
        self._state: dict[str, dict[str, torch.Tensor]] = {}

    @property
    def precision(self) -> str:
        """Format in which the gradients' matrix products are computed."""
        return self._settings.precision

    def zero_grad(self) -> None:
        """Forgets all gradients."""
        for parameter in self._parameters.values():
            parameter.grad = None

    def step(self, owned: Mapping[str, torch.Tensor]) -> None:
        """Updates every parameter that has a gradient, where `owned` (by name) is True.

        Parameters that aren't in `owned` (biases, embeddings) are updated whole.
        """
        self._densify()
        self._clip(owned)
        for name, parameter in self._parameters.items():
            if parameter.grad is None:
                continue
            if parameter.grad.is_sparse:
                self._step_rows(name, parameter)
            else:
                self._step_dense(name, parameter, owned.get(name))

    def state(self) -> dict[str, torch.Tensor]:
        """Returns all moments, named `<parameter>:<moment>`."""
        return {
            f"{name}:{moment}": values
            for name, moments in self._state.items()
            for moment, values in moments.items()
        }

    def squares(self, like: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Returns the bias-corrected second moments of the weights named as in `like`.

        They are the running means of squared gradients; zero where there was none.
        """
        found = {}
        for name, weight in like.items():
            moments = self._state.get(name)
            found[name] = (
                torch.zeros_like(weight)
                if moments is None
                else moments["variance"] / moments["variance_seen"].clamp_min(1e-30)
            )
        return found

    def load(self, state: Mapping[str, torch.Tensor]) -> None:
        """Takes over (copies) the moments that `state` returned."""
        self._state = {}
        for key, values in state.items():
            name, moment = key.rsplit(":", 1)
            self._state.setdefault(name, {})[moment] = values.clone()

    def _densify(self) -> None:
        for parameter in self._parameters.values():
            gradient = parameter.grad
            if gradient is not None and gradient.is_sparse:
                lazy = self._settings.lazy_embeddings
                parameter.grad = _coalesced(gradient) if lazy else gradient.to_dense()

    def _clip(self, owned: Mapping[str, torch.Tensor]) -> None:
        """Shortens the gradient to `clip_norm`, where its owned part alone is longer."""
        limit = self._settings.clip_norm
        if limit <= 0:
            return
        slopes = {
            name: gradient.values() if gradient.is_sparse else gradient
            for name, parameter in self._parameters.items()
            if (gradient := parameter.grad) is not None
        }
        total = 0.0
        for name, slope in slopes.items():
            seen = torch.where(owned[name], slope, 0.0) if name in owned else slope
            total += seen.square().sum().item()
        scale = min(1.0, limit / (math.sqrt(total) + 1e-12))
        if scale < 1.0:
            for slope in slopes.values():
                slope.mul_(scale)

    def _rate_and_epsilon(self, name: str) -> tuple[float, float]:
        settings = self._settings
        rate, epsilon = settings.learning_rate, settings.epsilon
        if name.startswith("embeddings."):
            rate = settings.embedding_learning_rate or rate
            epsilon = settings.embedding_epsilon or epsilon
        return rate, epsilon

    def _moments(self, name: str, like: torch.Tensor, whole: bool) -> dict[str, torch.Tensor]:
        """Moments of a parameter; with `whole`, one update count for all of it."""
        if name not in self._state:
            count = torch.zeros(1, device=like.device) if whole else torch.zeros_like(like)
            self._state[name] = {
                "mean": torch.zeros_like(like),
                "variance": torch.zeros_like(like),
                "mean_seen": count,
                "variance_seen": count.clone(),
            }
        return self._state[name]

    @torch.no_grad()
    def _step_dense(self, name: str, parameter: nn.Parameter, owned: torch.Tensor | None) -> None:
        gradient = parameter.grad
        if gradient is None:
            return
        state = self._moments(name, parameter, whole=owned is None)
        if owned is None and state["mean_seen"].numel() == 1:
            self._step_as_one(name, gradient, (parameter, state["mean"], state["variance"]))
            return
        # What has been under a mask once counts each connection's updates from then on.
        owned = torch.ones_like(parameter, dtype=torch.bool) if owned is None else owned
        for key in ("mean_seen", "variance_seen"):
            if state[key].shape != parameter.shape:
                state[key] = state[key].expand_as(parameter).clone()
        for slope, bits, *held in _pieces(
            gradient, _as_bits(owned), parameter, *(state[key] for key in _MOMENTS)
        ):
            for before, after in zip(held, self._stepped_each(name, slope, held), strict=True):
                _overwrite(before, after, bits)

    @torch.no_grad()
    def _step_rows(self, name: str, parameter: nn.Parameter) -> None:
        gradient = parameter.grad
        if gradient is None:
            return
        state = self._moments(name, parameter, whole=True)
        rows, slope = gradient.indices()[0], gradient.values()
        held = (parameter, state["mean"], state["variance"])
        some = [whole.index_select(0, rows) for whole in held]
        self._step_as_one(name, slope, some)
        for whole, moved in zip(held, some, strict=True):
            whole.index_copy_(0, rows, moved)

    def _step_as_one(self, name: str, slope: torch.Tensor, held: Sequence[torch.Tensor]) -> None:
        """Updates weight, mean and variance in place, which have one count, by torch's own pass.

        The count's corrections are put into rate and epsilon, and torch told of so many
        steps that its own are one: r m/c1 / (sqrt(v/c2) + e) is (r sqrt(c2)/c1) m /
        (sqrt(v) + e sqrt(c2)).
        """
        settings, state = self._settings, self._state[name]
        for key, beta in (("mean_seen", settings.beta1), ("variance_seen", settings.beta2)):
            state[key] = state[key] * beta + (1 - beta)
        rate, epsilon = self._rate_and_epsilon(name)
        root = math.sqrt(state["variance_seen"].item())
        corrected = rate * root / state["mean_seen"].item()
        weight, mean, variance = held
        adamw(
            [weight],
            [slope],
            [mean],
            [variance],
            [],
            [torch.tensor(_LONG_AGO, device=weight.device)],
            fused=True,
            amsgrad=False,
            beta1=settings.beta1,
            beta2=settings.beta2,
            lr=corrected,
            weight_decay=settings.weight_decay * rate / corrected if rate else 0.0,
            eps=epsilon * root,
            maximize=False,
        )

    def _stepped_each(
        self, name: str, slope: torch.Tensor, held: Sequence[torch.Tensor]
    ) -> tuple[torch.Tensor, ...]:
        """Returns weight and moments, in the order of `held`, with an update of each connection."""
        weight, mean, variance, mean_seen, variance_seen = held
        settings = self._settings
        rate, epsilon = self._rate_and_epsilon(name)
        mean = torch.lerp(mean, slope, 1 - settings.beta1)
        variance = (variance * settings.beta2).addcmul_(slope, slope, value=1 - settings.beta2)
        mean_seen = (mean_seen * settings.beta1).add_(1 - settings.beta1)
        variance_seen = (variance_seen * settings.beta2).add_(1 - settings.beta2)
        # torch's square root wakes all threads for a piece, which takes longer than the piece.
        corrected = variance / variance_seen
        spread = corrected.clamp_min(_TINIEST).rsqrt_().mul_(corrected).add_(epsilon)
        if settings.weight_decay:
            weight = weight * (1 - rate * settings.weight_decay)
        moved = torch.addcdiv(weight, mean / mean_seen, spread, value=-rate)
        return moved, mean, variance, mean_seen, variance_seen


def _pieces(*tensors: torch.Tensor) -> Iterator[tuple[torch.Tensor, ...]]:
    """Yields flat pieces of tensors of one size, side by side.

    Everything that is done to a piece finds it in the processor's cache.
    """
    flat = [tensor.reshape(-1) for tensor in tensors]
    for start in range(0, len(flat[0]), _PIECE):
        yield tuple(each[start : start + _PIECE] for each in flat)


def _coalesced(gradient: torch.Tensor) -> torch.Tensor:
    """Returns `gradient` with each row once; rows that rise already are left as they are."""
    rows = gradient._indices()[0]
    rising = bool((rows[1:] > rows[:-1]).all())
    return gradient._coalesced_(True) if rising else gradient.coalesce()


def _as_bits(owned: torch.Tensor) -> torch.Tensor:
    """Returns int32, all 32 bits set where `owned` is True."""
    return owned.view(torch.int8).neg().to(torch.int32)


def _overwrite(old: torch.Tensor, new: torch.Tensor, bits: torch.Tensor) -> None:
    """Copies float32 `new` into `old` where `bits` are set; spoils `new`.

    It copies bits: what isn't owned can't even change the sign of a zero. Three passes of
    bit operations are ten times as fast as torch's `where` on a CPU.
    """
    old_bits, new_bits = old.view(torch.int32), new.view(torch.int32)
    old_bits.bitwise_xor_(new_bits.bitwise_xor_(old_bits).bitwise_and_(bits))
