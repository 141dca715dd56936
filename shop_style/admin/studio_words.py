"""What the boards' script says, for `json_script`; braces are filled in by the script."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

WORDS: Final[dict[str, Any]] = {
    "count": _("{done} of {total} reviewed"),
    "pace": _("{rate} a minute, about {minutes} min left"),
    "saving": _("Saving…"),
    "saved": _("All decisions are saved."),
    "notSaved": _("{number} not saved"),
    "approve": _("Approved: {name}"),
    "reject": _("Rejected: {name}"),
    "publish": _("Published: {name}"),
    "withdraw": _("Withdrawn: {name}"),
    "undo": _("Undone: {name}"),
    "nothingToUndo": _("There is nothing to undo."),
    "cannot": _("This step cannot be taken now."),
    "needsReason": _("It failed its gate: give a reason to approve it all the same."),
    "pageDone": _("All on this page are reviewed."),
    "signedOut": _("You are signed out. Sign in again in another tab, then try again."),
    "forbidden": _("You may not do this."),
    "unreachable": _("The server could not be reached."),
    "unloaded": _("This variant could not be loaded; try again."),
    "again": _("Try again"),
    "look": _("Look at it"),
    "keysOff": _("Keyboard shortcuts are off."),
    "keysOn": _("Keyboard shortcuts are on."),
}
