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
    from styleeval.inference.bayesian import posterior_of as posterior_of
    from styleeval.inference.bayesian import stratified_lift_posterior as stratified_lift_posterior
    from styleeval.inference.cuped import CupedComparison as CupedComparison
    from styleeval.inference.cuped import CupedSummary as CupedSummary
    from styleeval.inference.cuped import cuped_difference as cuped_difference
    from styleeval.inference.cuped import cuped_rates as cuped_rates
    from styleeval.inference.cuped import cuped_strata_difference as cuped_strata_difference
    from styleeval.inference.cuped import stratified_cuped_rates as stratified_cuped_rates
    from styleeval.inference.effect import Effect as Effect
    from styleeval.inference.effect import score_effect as score_effect
    from styleeval.inference.errors import InvalidSummary as InvalidSummary
    from styleeval.inference.errors import OutOfRange as OutOfRange
    from styleeval.inference.errors import TooFewProducts as TooFewProducts
    from styleeval.inference.errors import TooFewVisitors as TooFewVisitors
    from styleeval.inference.evidence import multinomial_evidence as multinomial_evidence
    from styleeval.inference.mantel import StratifiedShares as StratifiedShares
    from styleeval.inference.mantel import stratified_shares as stratified_shares
    from styleeval.inference.mean import mean_difference as mean_difference
    from styleeval.inference.mean import mean_summary as mean_summary
    from styleeval.inference.mean import per_visitor as per_visitor
    from styleeval.inference.mismatch import Mismatch as Mismatch
    from styleeval.inference.mismatch import detection_chance as detection_chance
    from styleeval.inference.mismatch import sample_ratio_mismatch as sample_ratio_mismatch
    from styleeval.inference.multiple import benjamini_hochberg as benjamini_hochberg
    from styleeval.inference.multiple import holm as holm
    from styleeval.inference.paired import PairedSummary as PairedSummary
    from styleeval.inference.paired import compare_paired as compare_paired
    from styleeval.inference.paired import paired_difference as paired_difference
    from styleeval.inference.paired import paired_rates as paired_rates
    from styleeval.inference.phased import PhasedMismatch as PhasedMismatch
    from styleeval.inference.phased import phased_ratio_mismatch as phased_ratio_mismatch
    from styleeval.inference.pooling import Pooled as Pooled
    from styleeval.inference.pooling import ProductLift as ProductLift
    from styleeval.inference.pooling import pool_products as pool_products
    from styleeval.inference.power import ProportionDesign as ProportionDesign
    from styleeval.inference.power import RatioDesign as RatioDesign
    from styleeval.inference.power import days_for as days_for
    from styleeval.inference.power import power_of as power_of
    from styleeval.inference.power import smallest_lift as smallest_lift
    from styleeval.inference.power import visitors_for as visitors_for
    from styleeval.inference.proportion import Proportion as Proportion
    from styleeval.inference.proportion import compare_proportions as compare_proportions
    from styleeval.inference.proportion import proportion_difference as proportion_difference
    from styleeval.inference.proportion import proportion_interval as proportion_interval
    from styleeval.inference.ratio import Comparison as Comparison
    from styleeval.inference.ratio import Interval as Interval
    from styleeval.inference.ratio import Rates as Rates
    from styleeval.inference.ratio import ratio_difference as ratio_difference
    from styleeval.inference.ratio import ratio_interval as ratio_interval
    from styleeval.inference.result import Result as Result
    from styleeval.inference.result import State as State
    from styleeval.inference.result import compare as compare
    from styleeval.inference.sequential import sequence_of as sequence_of
    from styleeval.inference.sequential import sequential_difference as sequential_difference
    from styleeval.inference.sequential import sequential_strata as sequential_strata
    from styleeval.inference.spending import alpha_at_end as alpha_at_end
    from styleeval.inference.spending import alpha_spent as alpha_spent
    from styleeval.inference.strata import compare_strata as compare_strata
    from styleeval.inference.strata import stratified_difference as stratified_difference
    from styleeval.inference.summary import Summary as Summary
    from styleeval.inference.verdict import Basis as Basis
    from styleeval.inference.verdict import Verdict as Verdict
    from styleeval.inference.verdict import judge as judge
    from styleeval.inference.verdict import judge_cuped as judge_cuped
    from styleeval.inference.verdict import judge_cuped_strata as judge_cuped_strata
    from styleeval.inference.verdict import judge_paired as judge_paired
    from styleeval.inference.verdict import judge_strata as judge_strata

# No module bears an exported name: importing it would put the module in the name's place.
_HOMES = {
    "Allocation": "allocation",
    "Association": "association",
    "Basis": "verdict",
    "Comparison": "ratio",
    "CupedComparison": "cuped",
    "CupedSummary": "cuped",
    "Effect": "effect",
    "Interval": "ratio",
    "Mismatch": "mismatch",
    "InvalidSummary": "errors",
    "OutOfRange": "errors",
    "PairedSummary": "paired",
    "PhasedMismatch": "phased",
    "Pooled": "pooling",
    "Posterior": "bayesian",
    "Prior": "bayesian",
    "ProductLift": "pooling",
    "Proportion": "proportion",
    "ProportionDesign": "power",
    "Rates": "ratio",
    "RatioDesign": "power",
    "Result": "result",
    "State": "result",
    "StratifiedShares": "mantel",
    "Summary": "summary",
    "TooFewProducts": "errors",
    "TooFewVisitors": "errors",
    "Verdict": "verdict",
    "alpha_at_end": "spending",
    "alpha_spent": "spending",
    "benjamini_hochberg": "multiple",
    "compare": "result",
    "compare_paired": "paired",
    "compare_proportions": "proportion",
    "compare_strata": "strata",
    "cuped_difference": "cuped",
    "cuped_rates": "cuped",
    "cuped_strata_difference": "cuped",
    "stratified_cuped_rates": "cuped",
    "days_for": "power",
    "detection_chance": "mismatch",
    "holm": "multiple",
    "judge": "verdict",
    "judge_cuped": "verdict",
    "judge_cuped_strata": "verdict",
    "judge_paired": "verdict",
    "judge_strata": "verdict",
    "lift_posterior": "bayesian",
    "mean_difference": "mean",
    "mean_summary": "mean",
    "multinomial_evidence": "evidence",
    "paired_difference": "paired",
    "paired_rates": "paired",
    "per_visitor": "mean",
    "phased_ratio_mismatch": "phased",
    "pool_products": "pooling",
    "posterior_of": "bayesian",
    "power_of": "power",
    "proportion_difference": "proportion",
    "proportion_interval": "proportion",
    "ratio_difference": "ratio",
    "ratio_interval": "ratio",
    "sample_ratio_mismatch": "mismatch",
    "score_association": "association",
    "score_effect": "effect",
    "sequence_of": "sequential",
    "sequential_difference": "sequential",
    "sequential_strata": "sequential",
    "smallest_lift": "power",
    "stratified_difference": "strata",
    "stratified_lift_posterior": "bayesian",
    "stratified_shares": "mantel",
    "thompson_allocation": "allocation",
    "visitors_for": "power",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazily(__name__, _HOMES)
