"""Did a styled picture win more clicks? Statistics of an experiment whose unit is the visitor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from styleeval.exports import lazily

if TYPE_CHECKING:
    from styleeval.inference.allocation import Allocation as Allocation
    from styleeval.inference.allocation import thompson_allocation as thompson_allocation
    from styleeval.inference.association import Association as Association
    from styleeval.inference.association import score_association as score_association
    from styleeval.inference.bayesian import Posterior as Posterior
    from styleeval.inference.bayesian import Prior as Prior
    from styleeval.inference.bayesian import lift_posterior as lift_posterior
    from styleeval.inference.bayesian import stratified_lift_posterior as stratified_lift_posterior
    from styleeval.inference.effect import Effect as Effect
    from styleeval.inference.effect import score_effect as score_effect
    from styleeval.inference.errors import TooFewProducts as TooFewProducts
    from styleeval.inference.errors import TooFewVisitors as TooFewVisitors
    from styleeval.inference.mismatch import Mismatch as Mismatch
    from styleeval.inference.mismatch import PhasedMismatch as PhasedMismatch
    from styleeval.inference.mismatch import detection_chance as detection_chance
    from styleeval.inference.mismatch import phased_ratio_mismatch as phased_ratio_mismatch
    from styleeval.inference.mismatch import sample_ratio_mismatch as sample_ratio_mismatch
    from styleeval.inference.pooling import Pooled as Pooled
    from styleeval.inference.pooling import ProductLift as ProductLift
    from styleeval.inference.pooling import pool_products as pool_products
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
    "Allocation": "allocation",
    "Association": "association",
    "Comparison": "ratio",
    "Effect": "effect",
    "Interval": "ratio",
    "Mismatch": "mismatch",
    "PhasedMismatch": "mismatch",
    "Pooled": "pooling",
    "Posterior": "bayesian",
    "Prior": "bayesian",
    "ProductLift": "pooling",
    "Result": "result",
    "State": "result",
    "Summary": "summary",
    "TooFewProducts": "errors",
    "TooFewVisitors": "errors",
    "compare": "result",
    "compare_strata": "strata",
    "detection_chance": "mismatch",
    "lift_posterior": "bayesian",
    "phased_ratio_mismatch": "mismatch",
    "pool_products": "pooling",
    "ratio_difference": "ratio",
    "ratio_interval": "ratio",
    "sample_ratio_mismatch": "mismatch",
    "score_association": "association",
    "score_effect": "effect",
    "stratified_difference": "strata",
    "stratified_lift_posterior": "bayesian",
    "thompson_allocation": "allocation",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazily(__name__, _HOMES)
