"""Did a styled picture win more clicks? Statistics of an experiment whose unit is the visitor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from styleeval.exports import lazily

if TYPE_CHECKING:
    from styleeval.inference.errors import TooFewVisitors as TooFewVisitors
    from styleeval.inference.evidence import multinomial_evidence as multinomial_evidence
    from styleeval.inference.mismatch import Mismatch as Mismatch
    from styleeval.inference.mismatch import sample_ratio_mismatch as sample_ratio_mismatch
    from styleeval.inference.ratio import Comparison as Comparison
    from styleeval.inference.ratio import Interval as Interval
    from styleeval.inference.ratio import ratio_difference as ratio_difference
    from styleeval.inference.ratio import ratio_interval as ratio_interval
    from styleeval.inference.result import Result as Result
    from styleeval.inference.result import State as State
    from styleeval.inference.result import compare as compare
    from styleeval.inference.strata import compare_strata as compare_strata
    from styleeval.inference.strata import stratified_difference as stratified_difference
    from styleeval.inference.summary import Summary as Summary

# No module bears an exported name: importing it would put the module in the name's place.
_HOMES = {
    "Comparison": "ratio",
    "Interval": "ratio",
    "Mismatch": "mismatch",
    "Result": "result",
    "State": "result",
    "Summary": "summary",
    "TooFewVisitors": "errors",
    "compare": "result",
    "compare_strata": "strata",
    "multinomial_evidence": "evidence",
    "ratio_difference": "ratio",
    "ratio_interval": "ratio",
    "sample_ratio_mismatch": "mismatch",
    "stratified_difference": "strata",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazily(__name__, _HOMES)
