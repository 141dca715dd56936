"""Is the product in a styled picture still the product? Measures, a scorecard and its gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from styleeval.exports import lazily

if TYPE_CHECKING:
    from styleeval.preservation.comparison import Comparison as Comparison
    from styleeval.preservation.comparison import Original as Original
    from styleeval.preservation.comparison import scorecard as scorecard
    from styleeval.preservation.gate import THRESHOLDS as THRESHOLDS
    from styleeval.preservation.gate import Reason as Reason
    from styleeval.preservation.gate import Thresholds as Thresholds
    from styleeval.preservation.gate import Verdict as Verdict
    from styleeval.preservation.gate import judge as judge
    from styleeval.preservation.measure import Measure as Measure
    from styleeval.preservation.measure import Tile as Tile
    from styleeval.preservation.report import Scorecard as Scorecard

_HOMES = {
    "THRESHOLDS": "gate",
    "Reason": "gate",
    "Thresholds": "gate",
    "Verdict": "gate",
    "judge": "gate",
    "Comparison": "comparison",
    "Measure": "measure",
    "Original": "comparison",
    "Scorecard": "report",
    "Tile": "measure",
    "scorecard": "comparison",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazily(__name__, _HOMES)
