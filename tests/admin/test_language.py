"""The admin in 简体中文: every page whole, no English left but names."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from shop_style.experiments import lifecycle
from shop_style.experiments.reporting.page import report_page
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.rollup import rollup
from shop_style.generation.requeue import requeue_failed
from shop_style.models import AuditEntry, Status, StyleJob, StyleVariant
from tests.admin.conftest import CARD_2
from tests.admin.experiments import LIST, page_of
from tests.experiments.crowd import Habits, come
from tests.language.literals import of_page

pytestmark = pytest.mark.django_db

NAMES = re.compile(
    r"""\b(?:
    Warm|Cool|warm|cool|Chair|Photo|photo|image|product|listing|control|chair|shop|demo|
    mira|omar|ada|admin|mug|products|grade|artistic|network|optimise|fabric|restore|
    source_file_missing|styled|fill|gate|no_file|not_approved|too_small|unmarked|unscored|mode|Django|django|MIT|original|originals|
    UTC|DNT|GPC|Sec|delta|Gelman|vgg16|distilled|productimage|CTR|CUPED|SSIM|LPIPS|AlexNet|SHA|IPTC|OCR|CDN|API|CSV|JSON|CPU|NTP|Brier|Welch|Holm|Benjamini|Hochberg|
    Gatys|Gram|VGG16|JPEG|WebP|AVIF|PNG|SVG|cube|slug|null|
    http|https|cv|iptc|org|newscodes|digitalsourcetype|trainedAlgorithmicMedia|
    keep|paint|auto|quilt|tile|adam|lbfgs|largest|colour|Edtaonisl|Apache|
    SHOP_STYLE|EDGE_BUCKETS|WEBP|SHOP|STYLE|SOURCES|SHOWN|MAX|BYTES|RENDITION|FORMATS|Cookie|jpg|png|webp|jpeg
    )\b""",
    re.VERBOSE,
)
"""Names of things, of measures and of settings: the same in every language."""

DJANGOS = {"Add link", "Change or view list link", "Model name", "Search"}
"""What Django 5.2 itself has not translated."""

ENGLISH = re.compile(r"[A-Za-z]{3,}")


def english(page: str, *, besides: Collection[str] = ()) -> list[str]:
    """Texts of a page that hold an English word that is no name."""
    left = []
    for text in of_page(page):
        if text in DJANGOS or text in besides:
            continue
        bare = NAMES.sub("", re.sub(r"\S+/\S+|\S+\.jpg", "", text))  # no names of files
        bare = re.sub(r"^\w+（默认.*?）", "", bare)  # an engine's parameter and its values
        if ENGLISH.search(bare):
            left.append(text)
    return left


@pytest.fixture
def reader(admin_client: Client) -> Callable[[str], str]:
    """Pages as somebody gets them whose browser asks for 简体中文."""

    def read(address: str) -> str:
        response = admin_client.get(address, headers={"accept-language": "zh-CN,zh;q=0.9"})
        assert response.status_code == 200
        assert response["Content-Language"] == "zh-hans"
        return response.content.decode()

    return read


def test_the_pages_of_variants(
    reader: Callable[[str], str], make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    photo, style = make_photo(1), make_style()
    reasons = [
        {"code": "hue", "text": "…", "value": 17.6, "limit": 11.0, "box": [0, 0, 32, 40]},
        {
            "code": "colour",
            "text": "The product's colour is no longer the colour that will be delivered "
            "(ΔE 13.4, at most 8.0).",
        },
    ]
    variant = make_variant(photo, style, passed=False, reasons=reasons, scorecard=CARD_2)
    AuditEntry.objects.record("rejected", variant, actor="omar", reason="太暗")
    make_variant(
        make_photo(2),
        style,
        status=Status.FAILED,
        error_code="source_file_missing",
        error_detail="Photo 2 names a file that is not in its storage; upload it again",
    )
    running = make_variant(make_photo(3), style, status=Status.RUNNING)
    StyleVariant.objects.filter(pk=running.pk).update(stage="stylise", progress=0.4)
    page = reader("/admin/shop_style/stylevariant/")
    assert "指的文件不在存储中；请重新上传" in page and "应用风格" in page
    assert english(page) == []
    page = reader(f"/admin/shop_style/stylevariant/{variant.pk}/change/")
    assert "商品的色相偏转了 18°，至多允许 11°。" in page
    assert "商品的颜色已不是实际发货的颜色（ΔE 13.4，至多 8.0）。" in page
    assert "已驳回" in page and "太暗" in page
    assert english(page) == []


def test_the_pages_of_styles_jobs_and_the_trail(
    reader: Callable[[str], str], make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    style = make_style()
    report = {
        "summary": "Started from “warm”; in 80 s and 400 steps the style gain went from 0.31 to "
        "0.52. Far from the others: reference 2; it may be another look."
    }
    StyleJob.objects.create(style=style, kind="fit", status=Status.READY, report=report)
    variant = make_variant(make_photo(1), style, status=Status.FAILED, error_code="x")
    requeue_failed(StyleVariant.objects.filter(pk=variant.pk), actor="ada")
    for address in ("style/", f"style/{style.pk}/change/", "style/add/"):
        page = reader(f"/admin/shop_style/{address}")
        assert english(page, besides=[style.digest]) == [], address
    job = reader(f"/admin/shop_style/stylejob/{style.jobs.get().pk}/change/")
    assert "风格增益从 0.31 提高到 0.52。与其他参考图相差较大：第 2 张" in job
    trail = reader("/admin/shop_style/auditentry/")
    assert english(reader("/admin/shop_style/stylejob/")) == []
    assert "重新排队" in trail
    assert english(job) == english(trail) == []


def test_the_pages_of_an_experiment(reader: Callable[[str], str], make_shop: Any) -> None:
    shop = make_shop(4, planned_visitors=600)
    experiment = shop.experiment
    assert english(reader(LIST)) == []
    assert english(reader(f"{LIST}add/")) == []
    type(experiment).objects.filter(pk=experiment.pk).update(coverage=0)
    page = reader(page_of(experiment))
    assert "流量比例为 0；必须大于 0，最大为 1" in page
    assert english(page) == []
    type(experiment).objects.filter(pk=experiment.pk).update(coverage=1)
    plan = reader(f"{LIST}{experiment.pk}/plan/?lift=5&visitors=2000&ctr=4&seen=10")
    assert "计划结束时间请设在整周之后" in plan
    assert english(plan) == []
    shop.start()
    come(shop, "control", Habits(visitors=300, clicking=40, failing=3))
    come(shop, "warm", Habits(visitors=300, clicking=90, buying=2))
    rollup(products=True)
    lifecycle.pause(experiment, actor="ada")
    assert english(reader(page_of(experiment))) == []
    report = reader(f"{LIST}{experiment.pk}/report/")
    assert "的点击多于原图" in report
    # Titles of the papers that its method is from.
    signs = ("doi", "§", "，19", "，20")
    papers = [text for text in of_page(report) if any(sign in text for sign in signs)]
    assert english(report, besides=papers) == []
    with translation.override("zh-hans"):
        alone = report_page(build_report(experiment))
    assert '<html lang="zh-hans">' in alone and english(alone, besides=papers) == []


def test_a_refusal_is_said_in_the_readers_language(admin_client: Client, make_shop: Any) -> None:
    shop = make_shop(2, planned_visitors=0)
    response = admin_client.post(
        f"{LIST}{shop.experiment.pk}/step/",
        {"step": "start", "confirmed": "1"},
        follow=True,
        headers={"accept-language": "zh-hans"},
    )
    (message,) = [str(item) for item in response.context["messages"]]
    assert "实验 &#x27;warm-listing&#x27; 无法启动：" in message
    assert "缺少计划访客数；请说明何时读取结果" in message


def test_english_readers_get_english(admin_client: Client, make_shop: Any) -> None:
    make_shop(2)
    page = admin_client.get(LIST, headers={"accept-language": "en-GB"}).content.decode()
    assert "Warm listing" in page and "实验" not in page
