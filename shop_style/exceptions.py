"""Every error this plugin raises on purpose: a stable code, the culprit's name, the next step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class ShopStyleError(Exception):
    """Root of our errors. `code` is stable and machine-readable; the text is for people."""

    code: ClassVar[str] = "error"

    permanent: ClassVar[bool] = True
    """Would another try end the same way?"""


class SettingsError(ShopStyleError, ValueError):
    """A value in SHOP_STYLE cannot be used."""

    code = "bad_setting"


class NotMigrated(ShopStyleError):
    """No database holds our tables."""

    code = "not_migrated"


class SourceError(ShopStyleError, LookupError):
    """A source string or host object does not lead to an image field."""

    code = "bad_source"


class SourceFileMissing(SourceError):
    """The host row has no file, or its file is gone from storage."""

    code = "source_file_missing"


class StorageFailed(ShopStyleError, OSError):
    """A storage backend raised something of its own, such as an S3 client's error."""

    code = "storage_failed"
    permanent = False


class FilesSeemGone(StorageFailed):
    """Most files that rows name are not in their storage: more likely it is not mounted."""

    code = "files_seem_gone"


class IntakeError(ShopStyleError, ValueError):
    """An image file was refused before it could reach an engine.

    Unlike the other errors its code differs per refusal: it is an instance attribute.
    """

    code = "undecodable"

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code  # type: ignore[misc]  # one class, many stable codes


class FacesRefused(ShopStyleError, ValueError):
    """People look out of a picture, and this shop does not have them styled."""

    code = "faces_refused"


class SegmenterError(ShopStyleError):
    """A third party's segmenter is not installed or cannot be made."""

    code = "segmenter_failed"


class EngineError(ShopStyleError):
    """An engine could not render."""

    code = "engine_failed"
    permanent = False


class UnknownEngine(EngineError, LookupError):
    """No engine of this name is registered."""

    code = "unknown_engine"
    permanent = True


class EngineParameterError(EngineError, ValueError):
    """Parameters of a style do not fit its engine."""

    code = "bad_engine_parameter"
    permanent = True


class StyleReferenceError(EngineError, ValueError):
    """A style lacks the reference pictures its engine needs."""

    code = "bad_style_reference"
    permanent = True


class StyleNotFittable(EngineError, ValueError):
    """This style has nothing to fit: another engine, a built-in look, no or too many references."""

    code = "not_fittable"
    permanent = True


class StyleRetired(ShopStyleError, ValueError):
    """Variants were asked for in a style that is retired."""

    code = "style_retired"


class StyleInUse(ShopStyleError, ValueError):
    """A running experiment needs the style."""

    code = "style_in_use"


class StyleArtefactError(EngineError, ValueError):
    """The fitted parameters of a style cannot be read by this version."""

    code = "bad_style_artefact"
    permanent = True


class CubeError(EngineError, ValueError):
    """A `.cube` file cannot be read as a look, or a style cannot be given or written as one."""

    code = "bad_cube"
    permanent = True


class PictureUnsuitable(EngineError, ValueError):
    """This engine cannot work on this picture, such as one that is too small for it."""

    code = "picture_unsuitable"
    permanent = True


class WeightsError(ShopStyleError, OSError):
    """A weight file is missing or is not the one that was pinned."""

    code = "weights_missing"


class WeightsMismatch(WeightsError):
    """A weight file's SHA-256 is not the pinned one."""

    code = "weights_hash_mismatch"


class MaskUncertain(ShopStyleError, ValueError):
    """A region was asked for that needs a product mask, and none could be found."""

    code = "mask_uncertain"


class GuideUnusable(ShopStyleError, ValueError):
    """A person's mask or marked places do not fit their picture."""

    code = "guide_unusable"


class RenderCancelled(ShopStyleError):
    """The render was told to stop: its lease is gone or the worker is going down."""

    code = "cancelled"


class LeaseLost(RenderCancelled):
    """Another worker owns this job now; this one's files are thrown away."""

    code = "lease_lost"


class RequestOutdated(ShopStyleError):
    """The style or the original changed after the variant was asked for."""

    code = "outdated"


class ReviewError(ShopStyleError, ValueError):
    """A variant cannot take this review step in its present state."""

    code = "bad_review_step"


class LearningError(ShopStyleError, ValueError):
    """Nothing can be learned from a shop's decisions.

    The code says which: `too_few_decisions`, `learner_missing`, or `nothing_learned` where a fit
    knows no more than the base rate.
    """

    code = "nothing_learned"

    def __init__(self, message: str, code: str = "nothing_learned") -> None:
        super().__init__(message)
        self.code = code  # type: ignore[misc]  # one class, three stable codes


class UnknownChannel(ShopStyleError, LookupError):
    """No channel policy has this slug."""

    code = "unknown_channel"


class ExportError(ShopStyleError, ValueError):
    """Files that a channel's policy admits did not hold what their rows say."""

    code = "bad_export"


class ExperimentError(ShopStyleError, ValueError):
    """An experiment cannot take this step. `problems`: each reason, with its way out."""

    code = "bad_experiment_step"

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__("\n".join([message, *(f"- {item}" for item in problems)]))
        self.problems = tuple(problems)


class UnknownExperiment(ExperimentError, LookupError):
    """No experiment has this slug."""

    code = "unknown_experiment"


class PlanError(ExperimentError):
    """No plan can be made of what was stated."""

    code = "bad_plan"


class NoTraffic(PlanError, LookupError):
    """The shop has no numbers of its own to plan by yet."""

    code = "no_traffic"


class TokenError(ShopStyleError, ValueError):
    """A page token is not one we signed."""

    code = "bad_token"


class TokenExpired(TokenError):
    """A page token is one of ours, but too old for its events to count."""

    code = "expired_token"


class UnknownVisitor(ShopStyleError, LookupError):
    """A value is no visitor that we signed."""

    code = "unknown_visitor"
