"""What people get in their own language outside of the admin, and what they start with."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.test import Client
from django.utils import translation

from shop_style.demo.models import Product, ProductImage
from shop_style.exceptions import SourceFileMissing
from shop_style.models import StyleVariant
from shop_style.words import in_words
from styleeval.sentence import said

ROOT = Path(__file__).resolve().parents[2]


class TestWords:
    """Sentences made in English, read in 简体中文."""

    @pytest.fixture(autouse=True)
    def in_chinese(self) -> Any:
        with translation.override("zh-hans"):
            yield

    @pytest.mark.parametrize(
        ("english", "chinese"),
        [
            ("approve it first", "请先审核通过"),
            ("Mug: the file has no bytes; upload it again", "Mug: 文件是空的；请重新上传"),
            (
                "big.png: the file is larger than 20,000,000 bytes; export it smaller",
                "big.png: 文件超过 20,000,000 字节；请导出更小的文件",
            ),
            (
                "warm.cube, line 7: it gives a second size; export the look again as one 3D table",
                "warm.cube，第 7 行：它又给出了一个尺寸；请把效果重新导出为单个 3D 表",
            ),
            (
                "style “warm”: reference a.png was refused: a.png: a side is under 16 pixels; "
                "use a larger picture",
                "风格“warm”：参考图 a.png 被拒绝：a.png: 有一边小于 16 像素；请使用更大的图片",
            ),
            (
                "experiment 'look' cannot start:\n- it has fewer than two arms; add one with a "
                "style\n- the weights sum to 0.5; they must sum to 1",
                "实验 'look' 无法启动：\n- 分组少于两个；请添加一个带风格的分组"
                "\n- 权重之和为 0.5；必须等于 1",
            ),
            ("control has 12 of 100 visitors", "对照组有 12 / 100 位访客"),
            ("trim: 3 is not between 0.0 and 0.4", "trim: 3 不在 0.0 到 0.4 之间"),
        ],
    )
    def test_values_stay_and_words_are_translated(self, english: str, chinese: str) -> None:
        assert in_words(english) == chinese

    @pytest.mark.parametrize(
        "text", ["", "a person's own words", "KeyError: 'x'", "{broken", "100 %", "a; b: c"]
    )
    def test_what_is_no_sentence_of_ours_stays(self, text: str) -> None:
        assert in_words(text) == text

    def test_names_that_look_like_sentences_do_no_harm(self) -> None:
        name = "{why} is (.*) gone from storage; [x]"
        text = said("{picture} has no file; upload one and request again", picture=name)
        assert in_words(text) == f"{name} 没有文件；请上传后重新请求"

    def test_errors_and_rows(self) -> None:
        error = SourceFileMissing(
            said("{picture} has no file; upload one and request again", picture=1)
        )
        assert str(error) == "1 has no file; upload one and request again"
        assert in_words(error) == "1 没有文件；请上传后重新请求"
        row = StyleVariant(error_detail=str(error), stage="stylise")
        assert (row.error_in_words, row.stage_in_words) == (in_words(error), "应用风格")
        with translation.override("en"):
            assert row.error_in_words == str(error)


def test_a_language_without_a_catalogue_reads_english() -> None:
    with translation.override("de"):
        assert in_words("approve it first") == "approve it first"


@pytest.mark.django_db
class TestShop:
    def page(self, client: Client, language: str) -> str:
        return client.get("/", headers={"accept-language": language}).content.decode()

    def test_the_disclosure_follows_the_browser(
        self, client: Client, picture: Any, make_style: Any, publish_variant: Any
    ) -> None:
        mug = Product.objects.create(name="Mug", slug="mug")
        image = ContentFile(picture(), name="mug.jpg")
        photo = ProductImage.objects.create(product=mug, image=image)
        publish_variant(photo, make_style())
        page = self.page(client, "zh-CN")
        assert '<html lang="zh-hans">' in page and "AI 风格化图片" in page
        assert "AI-styled picture" in self.page(client, "en")

    def test_the_switch_stays_with_the_visitor(self, client: Client) -> None:
        assert "/language/?next=/" in self.page(client, "en")
        page = client.get("/language/?next=//elsewhere.example/").content.decode()
        assert 'name="language" value="zh-hans" lang="zh-hans">简体中文</button>' in page
        assert 'name="next" value="/"' in page
        answer = client.post("/i18n/setlang/", {"language": "zh-hans", "next": "/"})
        assert (answer.status_code, answer["Location"]) == (302, "/")
        assert "餐桌与家居好物" in self.page(client, "en")


@pytest.mark.django_db
def test_the_api_gives_the_code_and_the_readers_words(client: Client) -> None:
    body = {"token": "x", "events": [{"kind": "click", "position": 0}]}
    answers = {
        language: client.post(
            "/shop-style/events/",
            json.dumps(body),
            content_type="application/json",
            headers={"accept-language": language, "user-agent": "Mozilla/5.0 Chrome/130.0"},
        ).json()
        for language in ("en", "zh-hans")
    }
    assert answers["en"]["code"] == answers["zh-hans"]["code"] == "bad_token"
    assert answers["en"]["detail"].startswith("this is not a page token")
    assert answers["zh-hans"]["detail"] == "这不是页面令牌；请向展示位接口重新获取"


@pytest.mark.django_db
def test_terminals_speak_english_and_pages_the_shops_language(
    make_shop: Any, tmp_path: Path, settings: Any
) -> None:
    settings.LANGUAGE_CODE = "zh-hans"
    make_shop(2)
    with translation.override("zh-hans"):
        out = io.StringIO()
        call_command("experiment_report", "warm-listing", stdout=out)
        assert "The experiment has not started." in out.getvalue()
        call_command("experiment_report", "warm-listing", html=str(tmp_path / "r.html"), stdout=out)
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert '<html lang="zh-hans">' in page and "实验尚未开始。" in page


def blocks(readme: str) -> list[str]:
    """What a reader types: code blocks without what is said about a line."""
    found = re.findall(r"^```\w+\n(.*?)^```", readme, flags=re.DOTALL | re.MULTILINE)
    return [re.sub(r" +# .*", "", block) for block in found]


def test_both_quick_starts_hold_the_same_commands() -> None:
    english = (ROOT / "README.md").read_text(encoding="utf-8")
    chinese = (ROOT / "README.zh-Hans.md").read_text(encoding="utf-8")
    assert "(README.zh-Hans.md)" in english.splitlines()[0]
    assert "(README.md)" in chinese.splitlines()[0]
    said_in_chinese = blocks(chinese)
    assert len(said_in_chinese) == 5
    assert said_in_chinese == blocks(english)[:5]
    for name in ("make demo-oscar", "ShopStyleMiddleware", 'include("shop_style.urls")'):
        assert name in english and name in chinese


def test_links_of_the_chinese_readme_lead_somewhere() -> None:
    chinese = (ROOT / "README.zh-Hans.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", chinese):
        assert (ROOT / target).exists(), target


def test_sentences_need_no_django() -> None:
    program = (
        "import sys; from styleeval.sentence import said; "
        "print(said('{a} of {b}', a=1, b=2)); assert 'django' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "1 of 2\n"
