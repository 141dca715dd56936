"""Overview, studio, review board, questions and a baseline in 简体中文."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client

from shop_style.experiments.reporting.page import report_page
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.rollup import rollup
from shop_style.generation.jobs import cancel
from shop_style.generation.review import approve
from shop_style.generation.undo import undo
from shop_style.models import AuditEntry, Status, StyleJob, StyleVariant
from shop_style.models.variant import Review
from tests.admin.conftest import CARD_2
from tests.admin.experiments import LIST, page_of
from tests.admin.test_language import english
from tests.admin.test_language import reader as reader
from tests.experiments.crowd import Habits, come
from tests.language.literals import of_page

pytestmark = pytest.mark.django_db(databases=["default", "tenant"])

CHINESE: Any = {"headers": {"accept-language": "zh-CN"}}
BOARD = "/admin/shop_style/reviewboard/"
VARIANTS = "/admin/shop_style/stylevariant/"


@pytest.fixture
def shelf(make_style: Any, make_variant: Any, make_photo: Any) -> list[StyleVariant]:
    """One that failed its gate, one that passed, one under way and one that could not be made."""
    photo, style = make_photo(1), make_style()
    reasons = [{"code": "hue", "text": "…", "value": 17.6, "limit": 11.0, "box": [0, 0, 32, 40]}]
    return [
        make_variant(photo, style, passed=False, reasons=reasons, scorecard=CARD_2),
        make_variant(photo, style, recipe_digest="b", scorecard=CARD_2),
        make_variant(photo, style, recipe_digest="c", status=Status.RUNNING, stage="stylise"),
        make_variant(
            make_photo(2),
            style,
            status=Status.FAILED,
            error_code="source_file_missing",
            error_detail="Photo 2 names a file that is not in its storage; upload it again",
        ),
    ]


def test_the_overview_says_what_to_do(
    reader: Callable[[str], str], shelf: list[StyleVariant]
) -> None:
    page = reader("/admin/shop_style/overview/")
    assert "图片的文件已丢失" in page or "图片文件已丢失" in page
    assert "指的文件不在存储中；请重新上传" in page and "应用风格" in page
    assert english(page) == []
    asked = reader("/admin/shop_style/overview/retry/?code=source_file_missing")
    assert english(asked) == []


def test_the_board_and_the_studio(reader: Callable[[str], str], shelf: list[StyleVariant]) -> None:
    board = reader(BOARD)
    assert "审核" in board and english(board) == []
    picture = f"demo.ProductImage.image:{shelf[0].object_id}"
    studio = reader(f"{BOARD}studio/?picture={picture}")
    assert "应用风格" in studio and english(studio) == []


@pytest.mark.parametrize("action", ["approve", "reject", "publish", "withdraw"])
def test_questions_before_a_step(
    admin_client: Client, shelf: list[StyleVariant], action: str
) -> None:
    StyleVariant.objects.filter(pk=shelf[1].pk).update(review=Review.APPROVED)
    actions = admin_client.get(VARIANTS).context["action_form"].fields["action"].choices
    (name,) = [value for value, _label in actions if value.startswith(action)]
    told = {"action": name, ACTION_CHECKBOX_NAME: [row.pk for row in shelf]}
    page = admin_client.post(VARIANTS, told, follow=True, **CHINESE).content.decode()
    assert english(page) == []


def test_a_style_its_jobs_and_its_retirement(
    reader: Callable[[str], str], shelf: list[StyleVariant]
) -> None:
    style = shelf[0].style
    job = StyleJob.objects.create(style=style, kind=StyleJob.Kind.STRENGTHS, payload={})
    cancel(job, actor="ada")
    page = reader(f"/admin/shop_style/style/{style.pk}/change/")
    assert "ada 停止了它；可以随时再请求" in page
    assert english(page, besides=[style.digest]) == []
    assert english(reader(f"/admin/shop_style/style/{style.pk}/retire/")) == []


def test_what_was_taken_back_is_in_the_trail(
    reader: Callable[[str], str], shelf: list[StyleVariant]
) -> None:
    approve([shelf[1]], actor="ada")
    undo(StyleVariant.objects.get(pk=shelf[1].pk), actor="ada", may_publish=True)
    assert AuditEntry.objects.filter(verb="undone").exists()
    trail = reader("/admin/shop_style/auditentry/")
    assert "已撤销" in trail and english(trail) == []


def test_a_draft_says_what_is_in_the_way(
    reader: Callable[[str], str], make_shop: Any, settings: Any
) -> None:
    settings.SHOP_STYLE = {
        **settings.SHOP_STYLE,
        "EDGE_BUCKETS": 100,
        "EDGE_SECRET": "sixteen characters and more",
    }
    shop = make_shop(2, baseline_days=7, planned_visitors=0, analysis="cuped")
    shop.experiment.arms.filter(slug="warm").update(weight=0.123)
    page = reader(page_of(shop.experiment))
    assert "权重之和为 0.623；必须等于 1" in page and "请取消基线期" in page
    assert english(page) == []
    shop.experiment.arms.filter(slug="warm").update(weight=0.503)
    shop.experiment.arms.filter(slug="control").update(weight=0.497)
    page = reader(page_of(shop.experiment))
    assert "个分桶按分组为" in page
    assert english(page) == []


def test_a_baseline_and_its_report(
    admin_client: Client, reader: Callable[[str], str], make_shop: Any
) -> None:
    shop = make_shop(2, baseline_days=7, planned_visitors=600, analysis="cuped", coverage=0.5)
    step = f"{LIST}{shop.experiment.pk}/step/"

    def asked(name: str, **values: str) -> str:
        answer = admin_client.post(step, {"step": name, **values}, follow=True, **CHINESE)
        return answer.content.decode()

    assert english(asked("start")) == []
    shop.start()
    for arm in ("control", "warm"):
        come(shop, arm, Habits(visitors=150, clicking=40))
    rollup(products=True)
    papers = ("doi", "§", "，19", "，20")

    def read(page: str) -> list[str]:
        besides = [text for text in of_page(page) if any(sign in text for sign in papers)]
        return english(page, besides=besides)

    page = reader(page_of(shop.experiment))
    assert "实验处于基线期" in page and read(page) == []
    assert "处于基线期" in reader(f"{LIST}{shop.experiment.pk}/weights/")
    assert read(reader(f"{LIST}{shop.experiment.pk}/report/")) == []
    asked("begin_test", confirmed="1")
    for arm, clicking in (("control", 40), ("warm", 90)):
        come(shop, arm, Habits(visitors=150, clicking=clicking))
    rollup(products=True)
    report = reader(f"{LIST}{shop.experiment.pk}/report/")
    assert "CUPED" in report and read(report) == []
    assert read(reader(f"{LIST}{shop.experiment.pk}/weights/")) == []
    for name, values in (
        ("pause", {}),
        ("raise_coverage", {"coverage": "1"}),
        ("finish", {"ship": "warm"}),
        ("finish", {"ship": ""}),
    ):
        assert read(asked(name, **values)) == [], name
    assert english(reader("/admin/shop_style/overview/")) == []
    assert report_page(build_report(shop.experiment))
