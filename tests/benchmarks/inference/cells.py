"""What a cell of the benchmark found: one figure beside what it is held to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """value: a share, a ratio or a number, shown by `unit` ("%" multiplies by 100).

    goal: (low, high) that it is held to, None where it is only shown. control: a method shown
    because it fails; it is not held to anything.
    """

    cell: str
    measure: str
    value: float
    goal: tuple[float, float] | None = None
    unit: str = "%"
    control: bool = False

    @property
    def holds(self) -> bool | None:
        return None if self.goal is None else self.goal[0] <= self.value <= self.goal[1]

    @property
    def shown(self) -> str:
        return f"{100 * self.value:.2f} %" if self.unit == "%" else f"{self.value:.4g}{self.unit}"

    @property
    def wanted(self) -> str:
        if self.goal is None:
            return "fails, as expected" if self.control else ""
        if self.goal[0] == self.goal[1]:
            return f"{100 * self.goal[0]:g} %"
        low, high = (100 * end if self.unit == "%" else end for end in self.goal)
        sign = " %" if self.unit == "%" else self.unit
        if self.goal[0] == 0:
            return f"≤ {high:g}{sign}"
        if self.goal[1] == 1:
            return f"≥ {low:g}{sign}"
        return f"{low:.3g} to {high:.3g}{sign}"


def table(findings: list[Finding]) -> str:
    """Markdown."""
    words = {True: "yes", False: "**no**", None: ""}
    rows = ["| cell | measure | found | goal | held |", "| --- | --- | --: | --: | --- |"]
    rows += [
        f"| {one.cell} | {one.measure} | {one.shown} | {one.wanted} | {words[one.holds]} |"
        for one in findings
    ]
    return "\n".join(rows)
