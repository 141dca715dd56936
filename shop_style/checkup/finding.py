"""What a check-up found at one point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

State = Literal["right", "notice", "wrong"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One point. area: such as `storage`. next_step: what to do; empty where all is right."""

    area: str
    state: State
    text: str
    next_step: str = ""

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Area:
    """Makes findings of one area."""

    name: str

    def right(self, text: str) -> Finding:
        """Nothing to do."""
        return Finding(area=self.name, state="right", text=text)

    def notice(self, text: str, next_step: str) -> Finding:
        """It works; somebody should know."""
        return Finding(area=self.name, state="notice", text=text, next_step=next_step)

    def wrong(self, text: str, next_step: str) -> Finding:
        """It does not work."""
        return Finding(area=self.name, state="wrong", text=text, next_step=next_step)


Findings = Iterator[Finding]
