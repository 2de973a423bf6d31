"""The typed, frozen configuration of a run."""

from lt4rec_core.config.comparison import Comparison, Range, Value, Variant
from lt4rec_core.config.data import (
    S3,
    Events,
    FeatureField,
    Ingest,
    KuaiRand,
    Synthetic,
    Table,
    TFRecord,
    Validate,
)
from lt4rec_core.config.load import changed, digest, from_mapping, load, to_mapping
from lt4rec_core.config.method import (
    JointTrain,
    Model,
    Optimizer,
    Prune,
    SingleTask,
    TaskSettings,
    Warmup,
)
from lt4rec_core.config.monitor import Monitor, Webhook
from lt4rec_core.config.operation import (
    Cluster,
    Evaluate,
    GateRule,
    Register,
    Resources,
    SecretVariable,
    Slice,
    Tracking,
)
from lt4rec_core.config.root import Config, check

__all__ = [
    "S3",
    "Cluster",
    "Comparison",
    "Config",
    "Evaluate",
    "Events",
    "FeatureField",
    "GateRule",
    "Ingest",
    "JointTrain",
    "KuaiRand",
    "Model",
    "Monitor",
    "Optimizer",
    "Prune",
    "Range",
    "Register",
    "Resources",
    "SecretVariable",
    "SingleTask",
    "Slice",
    "Synthetic",
    "TFRecord",
    "Table",
    "TaskSettings",
    "Tracking",
    "Validate",
    "Value",
    "Variant",
    "Warmup",
    "Webhook",
    "changed",
    "check",
    "digest",
    "from_mapping",
    "load",
    "to_mapping",
]
