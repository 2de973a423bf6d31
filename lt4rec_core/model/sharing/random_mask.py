"""Random_Mask: Connection_Share under masks drawn at random: the control.

Rounds, counts and the choice of a round are the same; only which connections are cut
doesn't depend on their weights. What Connection_Share gains over it is due to the masks
that it found, not to their density.
"""

from __future__ import annotations

from lt4rec_core.model.sharing.connection_share import ConnectionShare
from lt4rec_core.model.sharing.sharing import Sharing

RANDOM_MASK = Sharing(build=ConnectionShare, cut="random", warmup=True)
