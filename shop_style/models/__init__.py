"""Rows: styles, their variants, jobs and the audit trail."""

from shop_style.models.audit import AuditEntry
from shop_style.models.job import StyleJob
from shop_style.models.leased import Leased, Status
from shop_style.models.style import Style, StyleReference
from shop_style.models.variant import StyleVariant

__all__ = [
    "AuditEntry",
    "Leased",
    "Status",
    "Style",
    "StyleJob",
    "StyleReference",
    "StyleVariant",
]
