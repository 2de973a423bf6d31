"""Sections of the configuration about the method: tasks, model, optimizer and training stages."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lt4rec_core.config.section import section

Width = Annotated[int, Field(ge=1)]


@section
class TaskSettings:
    """A task of the run: an entry of the task registry, with what is changed of it.

    Empty strings and `weight = 0` keep the registry's value; a name that isn't in
    the registry must give label, population, loss and metric. The name is part of those of
    DAG nodes, tensors and columns.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str = ""
    population: str = ""
    loss: str = ""
    metric: str = ""
    weight: float = Field(default=0.0, ge=0)


@section
class Model:
    """The base network (paper, section 2.1 and 3.1), and how tasks share it.

    Two settings are beyond the paper and off: `embedding_scale` shrinks the range that
    embeddings are drawn from (1 is Xavier's own), and `dropout` is the share of each hidden
    layer's outputs that a batch of training does without.

    The settings from `tower_layers` on are those of sharing methods with experts (`mmoe`,
    `ple`) or sub-networks (`snr`). The last `tower_layers` of `hidden` are then each task's
    own tower; the layers before are cut into experts, which are together as wide as these
    layers: the first layer, which has most of the weights, stays as large as the base
    network's. `expert_hidden` gives the widths of one expert's layers instead.
    """

    sharing: str = "connection_share"
    embedding_dim: int = Field(default=64, ge=1)
    embedding_scale: float = Field(default=1.0, gt=0)
    hidden: tuple[Width, ...] = (512, 256, 128)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    crossing: Literal["full", "half"] = "full"
    output: Literal["shared", "owned"] = "shared"
    prunable: tuple[str, ...] = ("over.*.weight", "output*.weight")
    tower_layers: int = Field(default=1, ge=0)
    experts: int = Field(default=4, ge=0)
    task_experts: int = Field(default=1, ge=1)
    expert_hidden: tuple[Width, ...] = ()
    gate_penalty: float = Field(default=1e-4, ge=0)


@section
class Optimizer:
    """Adam under masks (paper, section 3.1); zeros switch the extras off.

    `embedding_learning_rate` and `embedding_epsilon` take the place of the common ones for
    embeddings. A row seen once or twice has small gradients, which Adam takes to full
    steps; an epsilon of their size makes these steps small again, as plain gradient
    descent would, and so keeps rare ids from being learned by heart.

    `averaging` is the decay per step of a running mean of all weights, which is measured
    and kept in place of the last step's weights.

    `precision = "bfloat16"` computes matrix products so, where the device has instructions
    for it; weights and moments stay float32.
    """

    batch_size: int = Field(default=4096, ge=1)
    learning_rate: float = Field(default=1e-4, gt=0)
    embedding_learning_rate: float = Field(default=0.0, ge=0)
    embedding_epsilon: float = Field(default=0.0, ge=0)
    beta1: float = Field(default=0.9, ge=0, lt=1)
    beta2: float = Field(default=0.999, ge=0, lt=1)
    epsilon: float = Field(default=1e-8, gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    clip_norm: float = Field(default=0.0, ge=0)
    lazy_embeddings: bool = True
    averaging: float = Field(default=0.0, ge=0, lt=1)
    precision: Literal["float32", "bfloat16"] = "float32"


@section
class ChooseSearch:
    """When a daily run searches the masks anew, with warm-up and pruning; 0 never asks.

    It does so every `cadence_days`; when the champion's masks are older than
    `max_mask_age_days`; when a field's ids drifted by more than `max_psi`; and when a
    task's MTL gain, meaned over `gain_days` days, fell by more than `max_gain_drop` names
    for it (in units of the task's metric) below that of the search's own day. The last
    three wait until a search is `rest_days` old, accepted by the gate or not.
    """

    cadence_days: int = Field(default=7, ge=0)
    max_mask_age_days: int = Field(default=21, ge=0)
    max_psi: float = Field(default=0.5, ge=0)
    max_gain_drop: dict[str, float] = Field(default_factory=dict)
    gain_days: int = Field(default=3, ge=1)
    rest_days: int = Field(default=3, ge=0)


@section
class Warmup:
    """Step 1: both tasks' samples train the base network to sNET_init."""

    epochs: float = Field(default=1.0, ge=0)
    keep_embeddings: bool = True
    keep_optimizer: bool = False


@section
class Prune:
    """Step 2: iterative magnitude pruning, one mask per task.

    `rate`, the share cut a round, takes the place of `final_density` and of what
    `final_density_of` says for single tasks. `saliency` says what is cut first: the weights of
    least |w|, those that the round moved least, or either by what it costs (see
    `lt4rec_core.pruning.saliency`); `scope`, whether all layers are ranked together or each
    by itself. Each round begins from sNET_init, or with `rewind = "fresh"` from another draw
    of the network. `freeze_embeddings` leaves the embeddings as they are in all rounds, which
    saves a third of a step: only connections are ranked.
    """

    rounds: int = Field(default=5, ge=1)
    final_density: float = Field(default=0.2, gt=0, le=1)
    final_density_of: dict[str, Annotated[float, Field(gt=0, le=1)]] = Field(default_factory=dict)
    rate: float = Field(default=0.0, ge=0, lt=1)
    saliency: Literal["magnitude", "movement", "fisher", "fisher_movement"] = "magnitude"
    scope: Literal["global", "layer"] = "global"
    rewind: Literal["warmup", "fresh"] = "warmup"
    epochs_per_round: float = Field(default=1.0, gt=0)
    freeze_embeddings: bool = False
    select: Literal["best", "last"] = "best"
    dense_candidate: bool = False


@section
class JointTrain:
    """Step 3: batches of the tasks in turn, each under its own mask.

    It begins from sNET_init where there was a warm-up, or with `rewind = "fresh"` from
    another draw of the network, the one of `prune.rewind`.
    """

    epochs: float = Field(default=1.0, gt=0)
    evaluations_per_epoch: int = Field(default=1, ge=1)
    patience: int = Field(default=0, ge=0)
    alternation: Literal["proportional", "equal"] = "proportional"
    rewind: Literal["warmup", "fresh"] = "warmup"


@section
class SingleTask:
    """The baselines that the MTL gain is measured against (paper, Eq. 3)."""

    epochs: float = Field(default=1.0, gt=0)
    evaluations_per_epoch: int = Field(default=1, ge=1)
    patience: int = Field(default=0, ge=0)
    reuse: bool = True
