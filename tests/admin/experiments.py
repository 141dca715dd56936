"""What the tests of the experiment pages share."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.test import Client

from shop_style.models import (
    StyleVariant,
)
from tests.experiments.test_report_commands import Outline
from tests.experiments.visits import visit_arm

LIST = "/admin/shop_style/experiment/"
RUN = "shop_style.run_experiment"
VIEW = "shop_style.view_experiment"
EDIT = tuple(f"shop_style.{what}_experiment" for what in ("view", "add", "change", "delete"))


def page_of(experiment: Any) -> str:
    return f"{LIST}{experiment.pk}/change/"


def step(client: Client, experiment: Any, name: str, **values: Any) -> Any:
    """As confirmed, where it is asked for."""
    body = {"step": name, "confirmed": "1", **values}
    return client.post(f"{LIST}{experiment.pk}/step/", body, follow=True)


def said(response: Any) -> list[tuple[str, str]]:
    return [(item.level_tag, str(item)) for item in response.context["messages"]]


def buttons(client: Client, experiment: Any) -> list[str]:
    """Steps that the page offers, and ends that can be chosen."""
    outline = Outline(client.get(page_of(experiment)).content.decode())
    return [
        str(attributes["value"])
        for tag, attributes in outline.tags
        if tag == "button" and attributes.get("name") in ("step", "ship")
    ]


def form(**values: Any) -> dict[str, Any]:
    """A draft as its form posts it, without arms."""
    return {
        "name": "Warm listing",
        "slug": "warm-listing",
        "hypothesis": "",
        "placement": "listing",
        "planned_visitors": "400",
        "coverage": "1",
        "unit": "visitor",
        "analysis": "plain",
        "layer": "",
        "layer_from": "0",
        "layer_to": "1",
        "arms-TOTAL_FORMS": "0",
        "arms-INITIAL_FORMS": "0",
        **values,
    }


def row(number: int, **values: Any) -> dict[str, Any]:
    """One arm of the form."""
    columns = {"slug": "", "style": "", "weight": "0.5", "position": number, **values}
    return {f"arms-{number}-{name}": value for name, value in columns.items()}


def play(shop: Any, visitors: int) -> None:
    for number in range(visitors):
        # By turns: arms drawn at random come out empty, or too small to compare, now and then.
        seen = visit_arm(shop, styled=number % 4 < 2)
        seen.page.finish(HttpResponse())
        seen.report(("viewable", 0), ("viewable", 1), *([("click", 0)] if number % 2 else []))


def published(shop: Any, slug: str = "warm") -> int:
    return StyleVariant.objects.published().filter(style__slug=slug).count()
