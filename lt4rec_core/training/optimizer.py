"""Adam that moves only what a mask owns: weights and moments outside stay bit-identical."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import nn

from lt4rec_core.config import Optimizer

_MOMENTS = ("mean", "variance", "mean_seen", "variance_seen")


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

    def zero_grad(self) -> None:
        """Forgets all gradients."""
        for parameter in self._parameters.values():
            parameter.grad = None

    def step(self, owned: Mapping[str, torch.Tensor]) -> None:
        """Updates every parameter that has a gradient, where `owned` (by name) is True.

        Parameters that aren't in `owned` (biases, embeddings) are updated whole.
        """
        self._densify()
        scale = self._clip_scale(owned)
        for name, parameter in self._parameters.items():
            if parameter.grad is None:
                continue
            if parameter.grad.is_sparse:
                self._step_rows(name, parameter, scale)
            else:
                self._step_dense(name, parameter, owned.get(name), scale)

    def state(self) -> dict[str, torch.Tensor]:
        """Returns all moments, named `<parameter>:<moment>`."""
        return {
            f"{name}:{moment}": values
            for name, moments in self._state.items()
            for moment, values in moments.items()
        }

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
                parameter.grad = gradient.coalesce() if lazy else gradient.to_dense()

    def _clip_scale(self, owned: Mapping[str, torch.Tensor]) -> float:
        """Clipping looks at the owned part of the gradient alone."""
        limit = self._settings.clip_norm
        if limit <= 0:
            return 1.0
        total = 0.0
        for name, parameter in self._parameters.items():
            if parameter.grad is not None:
                gradient = parameter.grad
                values = gradient.values() if gradient.is_sparse else gradient
                if name in owned:
                    values = torch.where(owned[name], values, 0.0)
                total += values.square().sum().item()
        return min(1.0, limit / (math.sqrt(total) + 1e-12))

    def _rate(self, name: str) -> float:
        embedding_rate = self._settings.embedding_learning_rate
        is_embedding = name.startswith("embeddings.") and embedding_rate > 0
        return embedding_rate if is_embedding else self._settings.learning_rate

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
    def _step_dense(
        self, name: str, parameter: nn.Parameter, owned: torch.Tensor | None, scale: float
    ) -> None:
        gradient = parameter.grad
        if gradient is None:
            return
        old = self._moments(name, parameter, whole=owned is None)
        new = self._advance(old, gradient * scale if scale != 1.0 else gradient)
        moved = self._moved(name, parameter, new)
        if owned is None:
            parameter.copy_(moved)
            self._state[name] = new
            return
        # `where` copies bits: what isn't owned can't even change the sign of a zero.
        parameter.copy_(torch.where(owned, moved, parameter))
        self._state[name] = {key: torch.where(owned, new[key], old[key]) for key in _MOMENTS}

    @torch.no_grad()
    def _step_rows(self, name: str, parameter: nn.Parameter, scale: float) -> None:
        gradient = parameter.grad
        if gradient is None:
            return
        rows, values = gradient.indices()[0], gradient.values() * scale
        state = self._moments(name, parameter, whole=True)
        old = {
            "mean": state["mean"][rows],
            "variance": state["variance"][rows],
            "mean_seen": state["mean_seen"],
            "variance_seen": state["variance_seen"],
        }
        new = self._advance(old, values)
        parameter[rows] = self._moved(name, parameter[rows], new)
        state["mean"][rows] = new["mean"]
        state["variance"][rows] = new["variance"]
        state["mean_seen"] = new["mean_seen"]
        state["variance_seen"] = new["variance_seen"]

    def _advance(
        self, old: Mapping[str, torch.Tensor], gradient: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        beta1, beta2 = self._settings.beta1, self._settings.beta2
        return {
            "mean": old["mean"] * beta1 + gradient * (1 - beta1),
            "variance": old["variance"] * beta2 + gradient.square() * (1 - beta2),
            "mean_seen": old["mean_seen"] * beta1 + (1 - beta1),
            "variance_seen": old["variance_seen"] * beta2 + (1 - beta2),
        }

    def _moved(
        self, name: str, weights: torch.Tensor, moments: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        mean = moments["mean"] / moments["mean_seen"]
        spread = (moments["variance"] / moments["variance_seen"]).sqrt() + self._settings.epsilon
        rate, decay = self._rate(name), self._settings.weight_decay
        return weights * (1 - rate * decay) - rate * mean / spread
