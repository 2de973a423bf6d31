"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def bfloat16_instructions() -> str:
    """Returns "AMX" or "AVX512-BF16", whichever the CPU has, as torch found it; else ""."""
    import torch

    if torch.cpu._is_amx_tile_supported():
        return "AMX"
    return "AVX512-BF16" if torch.cpu._is_avx512_bf16_supported() else ""


def describe() -> dict[str, str]:
    """Returns the machine and the libraries that compute, by name."""
    import numpy
    import polars
    import torch

    return {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "bfloat16": bfloat16_instructions() or "none",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "polars": polars.__version__,
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    for line in information.read_text().splitlines() if information.exists() else []:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
