"""An event on its way to its row: a tuple, for a model instance takes ten times as long to make."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class EventRow(NamedTuple):
    """The columns of `Event` but its own number. kind: the value, not the enumeration's member."""

    event_id: str
    experiment_id: int
    phase_id: int
    arm_id: int
    product_id: int
    visitor: str
    kind: str
    at: datetime
    position: int | None = None
    value: Decimal | None = None
    page_view: str = ""
    device: str = ""
    suspicion: int = 0
