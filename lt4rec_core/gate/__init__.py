"""Whether a trained model may become the champion."""

from lt4rec_core.gate.comparison import Comparison
from lt4rec_core.gate.decision import Champion, GateDecision, decide

__all__ = ["Champion", "Comparison", "GateDecision", "decide"]
