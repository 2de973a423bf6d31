"""Connection_Share taken apart: each task trained alone, from the same sNET_init.

What a dense network gains that is trained alone from sNET_init is due to the warm-up; what
the found subnetwork gains over it is due to pruning; what Connection_Share gains over that
is due to sharing (paper, "Benefit Analysis").
"""

from __future__ import annotations

from lt4rec_core.model.sharing.connection_share import ConnectionShare
from lt4rec_core.model.sharing.sharing import Sharing

DENSE_ALONE = Sharing(build=ConnectionShare, warmup=True, alone=True, drawn_as="connection_share")
SUBNETWORK_ALONE = Sharing(
    build=ConnectionShare, cut="magnitude", warmup=True, alone=True, drawn_as="connection_share"
)
