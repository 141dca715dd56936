"""What can be wrong with decisions or a stored model: ValueErrors with a stable code."""

from __future__ import annotations

from typing import ClassVar


class AcceptanceError(ValueError):
    """Root of the errors below. `code` is stable; the message may change."""

    code: ClassVar[str] = "acceptance_error"


class TooFewDecisions(AcceptanceError):
    """The stated minimum is not reached; the message says how many are missing of what."""

    code = "too_few_decisions"


class LearnerMissing(AcceptanceError, ImportError):
    """scikit-learn is not installed; only fitting needs it."""

    code = "learner_missing"


class CardUnreadable(AcceptanceError):
    """A scorecard of another schema, or none at all."""

    code = "card_unreadable"


class ModelUnreadable(AcceptanceError):
    """Parameters that another version wrote."""

    code = "model_unreadable"


class ModeNotLearned(AcceptanceError, LookupError):
    """The model saw too few decisions on variants of this mode to speak of one."""

    code = "mode_not_learned"
