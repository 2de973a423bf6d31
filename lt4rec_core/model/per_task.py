"""Modules by task."""

from __future__ import annotations

from torch import nn


class PerTask(nn.ModuleDict):
    """One module a task, whatever it is called: `nn.ModuleDict` refuses "forward" and "keys".

    Those names are its own methods; here modules aren't looked up as attributes.
    """

    def __setitem__(self, key: str, module: nn.Module) -> None:
        """Adds the module of the task `key`."""
        self._modules[key] = module
