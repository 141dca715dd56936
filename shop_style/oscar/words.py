"""What Oscar's rows say of themselves: SHOP_STYLE["ALT_TEXT"] and SHOP_STYLE["VISIBLE_ROWS"]."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest


def title_of(row: Any) -> str:
    """A picture's alternative text: its caption, else the title of its product."""
    return str(getattr(row, "caption", "") or getattr(row, "product", row).get_title())


def on_show(queryset: QuerySet[Model], request: HttpRequest) -> QuerySet[Model]:
    """Products, or rows of products, that shoppers may see: public, and so is their parent."""
    names = {field.name for field in queryset.model._meta.get_fields()}
    own = "" if "is_public" in names else "product__"
    parent = Q(**{f"{own}parent": None}) | Q(**{f"{own}parent__is_public": True})
    return queryset.filter(parent, **{f"{own}is_public": True})
