"""What every sink promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from shop_style.experiments.sinks.row import EventRow


class Sink(ABC):
    """Writes events of one kind of database."""

    @abstractmethod
    def store(self, alias: str, rows: Sequence[EventRow]) -> set[str]:
        """Insert rows, in order of their ids and each id once; all of them or none.

        Returns the ids that were not there before: of two writers of the same event, at the same
        moment, one is told that it is new. Raises DatabaseError.
        """
