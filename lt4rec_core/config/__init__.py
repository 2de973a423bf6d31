"""The typed, frozen configuration of a run."""

from lt4rec_core.config.cluster import (
    Cluster,
    Kubeflow,
    Resources,
    SecretFolder,
    SecretVariable,
    Toleration,
    TrainJob,
    resources_of,
)
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
    ChooseSearch,
    JointTrain,
    Model,
    Optimizer,
    Prune,
    SingleTask,
    TaskSettings,
    Warmup,
)
from lt4rec_core.config.monitor import Monitor, Webhook
from lt4rec_core.config.operation import Evaluate, GateRule, Register, Slice, Tracking
from lt4rec_core.config.root import Config, check

__all__ = [
    "S3",
    "ChooseSearch",
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
    "Kubeflow",
    "Model",
    "Monitor",
    "Optimizer",
    "Prune",
    "Range",
    "Register",
    "Resources",
    "SecretFolder",
    "SecretVariable",
    "SingleTask",
    "Slice",
    "Synthetic",
    "TFRecord",
    "Table",
    "TaskSettings",
    "Toleration",
    "Tracking",
    "TrainJob",
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
    "resources_of",
    "to_mapping",
]
