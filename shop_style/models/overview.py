"""The model that the admin's overview page hangs on: it has no rows of its own."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shop_style.models.variant import StyleVariant


class Overview(StyleVariant):
    """What is going on, as a page of the admin: Django gives pages to models alone."""

    class Meta:
        proxy = True
        # Who may see a section of it is said by the permissions of what the section shows.
        default_permissions = ()
        verbose_name = _("overview")
        verbose_name_plural = _("overview")
