"""Is the product in a styled picture still the product? Measures, a scorecard and its gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from styleeval.exports import lazily

if TYPE_CHECKING:
    from styleeval.preservation.gate import THRESHOLDS as THRESHOLDS
    from styleeval.preservation.gate import Reason as Reason
    from styleeval.preservation.gate import Thresholds as Thresholds
    from styleeval.preservation.gate import Verdict as Verdict
    from styleeval.preservation.gate import judge as judge
    from styleeval.preservation.report import Measure as Measure
    from styleeval.preservation.report import Scorecard as Scorecard
    from styleeval.preservation.report import Tile as Tile
    from styleeval.preservation.report import scorecard as scorecard

_HOMES = {
    "THRESHOLDS": "gate",
    "Reason": "gate",
    "Thresholds": "gate",
    "Verdict": "gate",
    "judge": "gate",
    "Measure": "report",
    "Scorecard": "report",
    "Tile": "report",
    "scorecard": "report",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazily(__name__, _HOMES)
