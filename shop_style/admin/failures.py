"""What each way to fail means for a merchandiser: its short name, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, kw_only=True)
class FailureAdvice:
    """name: of the fault, short. next_step: one sentence. helps: may another try end otherwise,
    with nothing else changed?"""

    name: Any
    next_step: Any
    helps: bool = False


_PICTURE: Final = _(
    "Replace the picture on its product’s page; the variant is then asked for anew by itself."
)
_SETTINGS: Final = _("Ask whoever runs the shop’s server to mend it, then try again.")
_STYLE: Final = _("Open the style, mend what its page says, then try again.")

FAILURES: Final[Mapping[str, FailureAdvice]] = {
    "empty": FailureAdvice(name=_("The picture’s file is empty"), next_step=_PICTURE),
    "too_many_scans": FailureAdvice(
        name=_("The picture’s file cannot be used"), next_step=_PICTURE
    ),
    "undecodable": FailureAdvice(name=_("The picture’s file is damaged"), next_step=_PICTURE),
    "not_an_allowed_image": FailureAdvice(
        name=_("The picture’s format cannot be read"), next_step=_PICTURE
    ),
    "unsupported_mode": FailureAdvice(
        name=_("The picture’s pixel type cannot be used"), next_step=_PICTURE
    ),
    "too_many_bytes": FailureAdvice(name=_("The picture’s file is too large"), next_step=_PICTURE),
    "too_many_pixels": FailureAdvice(name=_("The picture has too many pixels"), next_step=_PICTURE),
    "too_small": FailureAdvice(name=_("The picture is too small"), next_step=_PICTURE),
    "picture_unsuitable": FailureAdvice(
        name=_("The engine cannot use this picture"),
        next_step=_("Pick another style for it, or another picture of the product."),
    ),
    "faces_refused": FailureAdvice(
        name=_("There is a face in the picture"),
        next_step=_("Pick a picture without people; faces are not styled in this shop."),
    ),
    "source_file_missing": FailureAdvice(
        name=_("The picture’s file is gone"),
        next_step=_("Upload it again on its product’s page, then try again."),
    ),
    "mask_uncertain": FailureAdvice(
        name=_("The product cannot be told from its ground"),
        next_step=_("Give the picture a product mask (open the example), then try again."),
    ),
    "guide_unusable": FailureAdvice(
        name=_("The product mask cannot be used"),
        next_step=_("Upload the product mask anew (open the example), then try again."),
    ),
    "storage_failed": FailureAdvice(
        name=_("The storage did not answer"),
        next_step=_("Such a fault often passes: try again. If it stays, is the storage full?"),
        helps=True,
    ),
    "out_of_memory": FailureAdvice(
        name=_("Not enough memory"),
        next_step=_("Use a smaller picture, or let a worker with more memory run; then try again."),
    ),
    "weights_missing": FailureAdvice(
        name=_("A network’s weights are missing"), next_step=_SETTINGS
    ),
    "weights_hash_mismatch": FailureAdvice(
        name=_("A network’s weights are not the pinned ones"), next_step=_SETTINGS
    ),
    "segmenter_failed": FailureAdvice(name=_("The segmenter failed"), next_step=_SETTINGS),
    "bad_setting": FailureAdvice(name=_("A setting cannot be used"), next_step=_SETTINGS),
    "bad_source": FailureAdvice(name=_("The picture’s field is not styled"), next_step=_SETTINGS),
    "unknown_engine": FailureAdvice(name=_("The style’s engine is not there"), next_step=_STYLE),
    "bad_engine_parameter": FailureAdvice(
        name=_("A parameter of the style cannot be used"), next_step=_STYLE
    ),
    "bad_style_reference": FailureAdvice(
        name=_("A reference of the style cannot be used"), next_step=_STYLE
    ),
    "bad_style_artefact": FailureAdvice(
        name=_("The style’s learned look cannot be used"),
        next_step=_("Open the style and fit it again, then try again."),
    ),
    "bad_cube": FailureAdvice(name=_("The style’s look file cannot be used"), next_step=_STYLE),
    "not_fittable": FailureAdvice(name=_("The style is not fitted"), next_step=_STYLE),
    "engine_failed": FailureAdvice(
        name=_("The engine failed"),
        next_step=_("Try again; if it fails again, pick another style for these pictures."),
        helps=True,
    ),
    "lease_lost": FailureAdvice(
        name=_("Its worker was lost"), next_step=_("Try again."), helps=True
    ),
}

UNKNOWN: Final = FailureAdvice(
    name=_("Something unexpected"),
    next_step=_(
        "Open the example and read its message; try again when the cause is mended, and tell "
        "whoever runs the shop’s server if it fails again."
    ),
    helps=True,
)


def advice_for(code: str) -> FailureAdvice:
    """What to do about a code; of one that is not ours, what to do about any."""
    return FAILURES.get(code, UNKNOWN)
