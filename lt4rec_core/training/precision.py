"""In which number format a training step's matrix products are computed."""

from __future__ import annotations

import torch

from lt4rec_core.errors import ConfigError


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Returns the context in which a forward pass runs.

    With "bfloat16" the matrix products take and give bfloat16 (automatic mixed
    precision); weights, moments, embeddings and the loss stay float32.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")


def check_precision(device: str, precision: str) -> None:
    """Raises ConfigError where the device would only imitate `precision`, many times slower."""
    if precision == "bfloat16" and not _computes_bfloat16(torch.device(device).type):
        raise ConfigError(
            f"optimizer.precision is 'bfloat16', but {device!r} has no instructions for it "
            "(on a CPU: AVX512-BF16 or AMX); set optimizer.precision = 'float32'"
        )


def _computes_bfloat16(device: str) -> bool:
    if device == "cuda":
        return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    if device == "cpu":
        return torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return False
