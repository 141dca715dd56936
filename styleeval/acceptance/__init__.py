"""What a shop's own approvals say of a scorecard: a small calibrated model, and how good it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from styleeval.exports import lazily

if TYPE_CHECKING:
    from styleeval.acceptance.errors import AcceptanceError as AcceptanceError
    from styleeval.acceptance.errors import CardUnreadable as CardUnreadable
    from styleeval.acceptance.errors import LearnerMissing as LearnerMissing
    from styleeval.acceptance.errors import ModelUnreadable as ModelUnreadable
    from styleeval.acceptance.errors import ModeNotLearned as ModeNotLearned
    from styleeval.acceptance.errors import TooFewDecisions as TooFewDecisions
    from styleeval.acceptance.learner import AcceptanceFit as AcceptanceFit
    from styleeval.acceptance.learner import fit as fit
    from styleeval.acceptance.prediction import predict as predict
    from styleeval.acceptance.reading import features as features
    from styleeval.acceptance.report import AcceptanceReport as AcceptanceReport

# No module bears an exported name: importing it would put the module in the name's place.
_HOMES = {
    "AcceptanceError": "errors",
    "AcceptanceFit": "learner",
    "AcceptanceReport": "report",
    "CardUnreadable": "errors",
    "LearnerMissing": "errors",
    "ModeNotLearned": "errors",
    "ModelUnreadable": "errors",
    "TooFewDecisions": "errors",
    "features": "reading",
    "fit": "learner",
    "predict": "prediction",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazily(__name__, _HOMES)
