"""Whether the arms' files are alike in bytes, pixels and formats, so that looks are compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext as _

from shop_style.experiments.arm_files import arm_files, file_findings
from shop_style.experiments.reporting.checks.findings import Findings
from shop_style.experiments.reporting.values import AMBER, GREEN, Check

# Never red: a style that is shipped keeps its weight, so that the result is of what is shipped.
_LIGHTS: Final = {"right": GREEN, "notice": AMBER, "wrong": AMBER}


def file_checks(found: Findings) -> Iterator[Check]:
    """Of each style beside the control, in the phase that runs."""
    titles = {
        "arm_bytes": _("Bytes of its pictures"),
        "arm_pixels": _("Pixels of its pictures"),
        "arm_formats": _("Formats and widths of its pictures"),
        "control_files": _("What the control is served"),
    }
    for item in file_findings(arm_files(found.experiment, arms=found.arms)):
        yield Check(
            name=item.code,
            arm=item.arm,
            light=_LIGHTS[item.severity],
            title=titles[item.code],
            finding=item.text,
            advice=item.next_step,
        )
