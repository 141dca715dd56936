"""Django admin: styles, review of variants, jobs, audit trail, and the action for host models.

A host's own ModelAdmin takes `generate_style_variants` as an action, or `StyleVariantsMixin`.
"""

from shop_style.admin.actions import StyleVariantsMixin, generate_style_variants
from shop_style.admin.audit import AuditEntryAdmin
from shop_style.admin.job import StyleJobAdmin
from shop_style.admin.style import StyleAdmin
from shop_style.admin.variant import StyleVariantAdmin

__all__ = [
    "AuditEntryAdmin",
    "StyleAdmin",
    "StyleJobAdmin",
    "StyleVariantAdmin",
    "StyleVariantsMixin",
    "generate_style_variants",
]
