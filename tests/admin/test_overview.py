"""The overview: what waits, what failed and what to do, what is stored, and who may see it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from shop_style.admin.overview_sections import review_view
from shop_style.generation.counts import VariantCounts, count_variants
from shop_style.generation.health import queue_health
from shop_style.generation.stored import stored_files
from shop_style.models import AuditEntry, Experiment, Status, StyleVariant
from shop_style.models.variant import Review

pytestmark = pytest.mark.django_db

PAGE = "/admin/shop_style/overview/"
QUEUE = f"{PAGE}queue/"
RETRY = f"{PAGE}retry/"
GENERATE = "shop_style.generate_stylevariant"
VIEW_EXPERIMENT = "shop_style.view_experiment"
EMPTY: dict[str, Any] = {
    "image": "",
    "renditions": [],
    "passed": None,
    "scorecard": None,
    "ssim": None,
}


@pytest.fixture
def make_row(make_style: Any, make_variant: Any, make_chair: Any) -> Any:
    """Variants of one chair in one style; any column may be given."""
    chair, style, number = make_chair(), make_style(), iter(range(1000))

    def make(*, aged: timedelta | None = None, **values: Any) -> StyleVariant:
        columns = {**EMPTY, "recipe_digest": str(next(number)), **values}
        row = make_variant(chair, columns.pop("style", style), **columns)
        if aged is not None:
            StyleVariant.objects.filter(pk=row.pk).update(updated_at=timezone.now() - aged)
        return row

    return make


def failed(make_row: Any, code: str, detail: str = "", **values: Any) -> StyleVariant:
    row: StyleVariant = make_row(
        status=Status.FAILED, error_code=code, error_detail=detail, **values
    )
    return row


def test_a_queue_that_nobody_works_at_says_what_to_do(staff: Any, make_row: Any) -> None:
    first = make_row(status=Status.PENDING, aged=timedelta(hours=3, minutes=20))
    make_row(status=Status.PENDING)
    response = staff().get(PAGE)
    view = response.context["queue"]
    assert (view.level, view.health.waiting, view.health.first) == ("wrong", 2, first)
    page = response.content.decode()
    assert "no worker is at work" in page and "manage.py style_worker" in page
    assert view.waited == "3\xa0hours, 20\xa0minutes" and view.waited in page
    assert f"/admin/shop_style/stylevariant/{first.pk}/change/" in page


def test_a_worker_at_work_is_told_from_one_that_died(staff: Any, make_row: Any) -> None:
    now = timezone.now()
    make_row(status=Status.PENDING, aged=timedelta(hours=1))
    running = make_row(
        status=Status.RUNNING,
        started_at=now - timedelta(minutes=3),
        lease_expires_at=now + timedelta(minutes=1),
        stage="stylise",
        progress=0.4,
    )
    for minutes in range(5, 25, 5):
        make_row(status=Status.READY, finished_at=now - timedelta(minutes=minutes))
    view = staff().get(PAGE).context["queue"]
    assert (view.level, view.health.last_hour, view.health.hours_left) == ("notice", 4, 0.25)
    assert "4 an hour" in view.steps[0] and "15 minutes" in view.steps[0]
    assert (view.running[0].percent, view.running[0].stage) == (40, "styling")
    StyleVariant.objects.filter(pk=running.pk).update(lease_expires_at=now - timedelta(minutes=1))
    view = staff(username="noa").get(PAGE).context["queue"]
    assert view.level == "wrong" and view.running[0].is_stalled
    assert any("worker that died" in step for step in view.steps)


def test_the_rate_counts_each_hour_and_says_so_in_words(staff: Any, make_row: Any) -> None:
    now = timezone.now().replace(minute=30)
    for hours, number in ((2, 3), (5, 1), (30, 7)):
        for _ in range(number):
            make_row(status=Status.READY, finished_at=now - timedelta(hours=hours))
    make_row(status=Status.FAILED, finished_at=now - timedelta(hours=2))
    make_row(status=Status.READY, finished_at=now - timedelta(hours=2), retired_at=now)
    hours = queue_health("default").hours
    assert len(hours) == 24
    assert [(hour.done, hour.failed) for hour in (hours[-3], hours[-6], hours[-1])] == [
        (4, 1),
        (1, 0),
        (0, 0),
    ]
    assert sum(hour.done for hour in hours) == 5
    page = staff().get(PAGE).content.decode()
    assert "5 variants were done and 1 failed; most in one hour were 4" in page
    chart = staff(username="noa").get(PAGE).context["queue"].chart
    busiest = max(chart.bars, key=lambda bar: bar.done)
    assert (busiest.done_y, busiest.failed_y) == (0, chart.line)
    assert busiest.failed_height == pytest.approx(chart.height - chart.line)


def test_failures_are_grouped_with_an_example_and_what_to_do(staff: Any, make_row: Any) -> None:
    for _ in range(2):
        failed(make_row, "undecodable", "mug.jpg: the file is damaged")
    newest = failed(make_row, "undecodable", "cup.jpg: the file is damaged")
    failed(make_row, "weird_code", "lamp.jpg: nobody knows")
    failed(make_row, "undecodable", retired_at=timezone.now())
    client = staff(GENERATE)
    response = client.get(PAGE)
    groups = response.context["queue"].failures
    assert [(group.code, group.number) for group in groups] == [
        ("undecodable", 3),
        ("weird_code", 1),
    ]
    assert groups[0].detail == "cup.jpg: the file is damaged"
    assert groups[0].example.link == f"/admin/shop_style/stylevariant/{newest.pk}/change/"
    assert "Replace the picture" in groups[0].next_step
    listed = client.get(groups[0].list_url)
    assert listed.context["cl"].result_count == 3
    page = response.content.decode()
    assert "Try 3 again…" in page and f"{RETRY}?code=undecodable" in page
    assert "Try 3 again…" not in staff(username="noa").get(PAGE).content.decode()


def test_where_there_is_no_board_the_list_shows_what_waits(make_row: Any) -> None:
    from django.contrib import admin

    site = admin.AdminSite("admin")
    site.register(StyleVariant, admin.ModelAdmin)
    review = review_view(site, VariantCounts())
    assert "review__exact=unreviewed" in review.passed_url and "verdict=passed" in review.passed_url


def test_a_retry_asks_once_in_numbers(staff: Any, make_row: Any) -> None:
    rows = [failed(make_row, "undecodable", "mug.jpg: damaged") for _ in range(3)]
    other = failed(make_row, "storage_failed")
    client = staff(GENERATE)
    for asked in (
        client.get(RETRY, {"code": "undecodable"}),
        client.post(RETRY, {"code": rows[0].error_code}),
    ):
        page = asked.content.decode()
        assert "3 variants that failed are put into the queue again" in page
        assert "They will fail again unless" in page and "Yes, try 3 again" in page
        assert StyleVariant.objects.filter(status=Status.PENDING).count() == 0
    done = client.post(RETRY, {"code": "undecodable", "confirmed": "1"}, follow=True)
    assert "3 variants wait again." in [str(item) for item in done.context["messages"]]
    assert StyleVariant.objects.filter(status=Status.PENDING).count() == 3
    other.refresh_from_db()
    assert other.status == Status.FAILED
    assert AuditEntry.objects.filter(verb="queued again", actor="mira").count() == 3
    gone = client.get(RETRY, {"code": "undecodable"}, follow=True)
    assert "look at the queue again" in str(list(gone.context["messages"])[0])


def test_a_retry_takes_its_permission(staff: Any, make_row: Any) -> None:
    failed(make_row, "undecodable")
    assert staff().post(RETRY, {"code": "undecodable", "confirmed": "1"}).status_code == 403
    assert StyleVariant.objects.get().status == Status.FAILED


def test_variants_are_counted_by_what_waits_for_whom(
    staff: Any, make_row: Any, make_style: Any
) -> None:
    now, other = timezone.now(), make_style("cold")
    make_row(status=Status.READY, passed=True)
    make_row(status=Status.READY, passed=True)
    make_row(status=Status.READY, passed=False)
    make_row(status=Status.READY, passed=None)
    make_row(status=Status.READY, review=Review.APPROVED)
    make_row(status=Status.READY, review=Review.APPROVED, published_at=now)
    make_row(status=Status.READY, review=Review.APPROVED, published_at=now, retired_at=now)
    make_row(status=Status.READY, review=Review.REJECTED, style=other)
    make_row(status=Status.PENDING, style=other)
    counts = count_variants("default")
    (first, second) = (counts[key] for key in sorted(counts))
    assert (first.to_review, first.to_review_passed, first.to_review_failed) == (4, 2, 1)
    assert (first.approved, first.published) == (1, 1)
    assert (second.rejected, second.waiting, second.to_review) == (1, 1, 0)
    client = staff()
    response = client.get(PAGE)
    review = response.context["review"]
    page = response.content.decode().replace("&amp;", "&")
    for address, number in (
        (review.all_url, 4),
        (review.passed_url, 2),
        (review.failed_url, 1),
        (review.unscored_url, 1),
        (response.context["styles"][1].review_url, 4),
    ):
        assert f'"{address}"' in page
        assert client.get(address).context["page"].paginator.count == number
    assert client.get(review.approved_url).context["cl"].result_count == 1
    lines = {line.style.slug: line.counts for line in response.context["styles"]}
    assert (lines["warm"].published, lines["cold"].rejected) == (1, 1)


def test_storage_is_counted_from_rows_alone(staff: Any, make_row: Any, media: Any) -> None:
    def file(kind: str, size: int | None) -> dict[str, Any]:
        return {"name": "x", "format": kind, "width": 1, "height": 1, "bytes": size}

    live = [file("webp", 100), file("webp", 50), file("jpeg", 400)]
    make_row(status=Status.READY, renditions=live, original_renditions=[file("jpeg", 300)])
    make_row(status=Status.READY, renditions=live)
    make_row(status=Status.READY, renditions=[file("webp", 7)], retired_at=timezone.now())
    make_row(status=Status.PENDING)
    found = {(item.format, item.of_originals): item for item in stored_files("default")}
    assert set(found) == {("webp", False), ("jpeg", False), ("jpeg", True)}
    webp = found["webp", False]
    assert (webp.files, webp.bytes, webp.retired_files, webp.retired_bytes) == (4, 300, 1, 7)
    assert (found["jpeg", False].bytes, found["jpeg", True].bytes) == (800, 300)
    assert not list(media.rglob("x"))
    storage = staff().get(PAGE).context["storage"]
    assert (storage.files, storage.bytes, storage.retired_files) == (7, 1400, 1)


def test_another_database_counts_the_same_row_by_row(
    make_row: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shop_style.generation import stored

    item = {"name": "x", "format": "webp", "width": 1, "height": 1, "bytes": 9}
    make_row(status=Status.READY, renditions=[item, item])
    make_row(status=Status.READY, renditions=[item], retired_at=timezone.now())
    known = stored_files("default")
    monkeypatch.setattr(stored, "_UNNESTED", {})
    assert stored_files("default") == known != []


def test_live_experiments_stand_there_with_a_sentence(staff: Any, make_shop: Any) -> None:
    shop = make_shop()
    client = staff(VIEW_EXPERIMENT)
    assert "No experiment runs." in client.get(PAGE).content.decode()
    shop.start()
    response = client.get(PAGE)
    (line,) = response.context["experiments"]
    assert "no visitor has been counted yet" in line.sentence and not line.needs_decision
    assert f"/admin/shop_style/experiment/{shop.experiment.pk}/report/" in response.content.decode()
    Experiment.objects.update(state="paused", paused_because="end_due")
    (line,) = client.get(PAGE).context["experiments"]
    assert "ship an arm or revert" in line.sentence and line.needs_decision


def test_a_baseline_is_no_test_without_visitors(staff: Any, make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    experiment = shop.experiment
    experiment.baseline_days = 7
    experiment.save(update_fields=["baseline_days"])
    phase = experiment.phases.get()
    phase.is_baseline = True
    phase.save(update_fields=["is_baseline"])
    client = staff(VIEW_EXPERIMENT)
    (line,) = client.get(PAGE).context["experiments"]
    assert line.sentence.startswith("In its baseline until ")
    phase.ended_at = phase.started_at
    phase.save(update_fields=["ended_at"])
    (line,) = client.get(PAGE).context["experiments"]
    assert line.sentence.startswith("Running since ")


@pytest.mark.parametrize(
    ("permission", "there", "absent"),
    [
        ("view_stylevariant", {"queue", "review", "storage"}, {"experiments", "styles"}),
        ("view_experiment", {"experiments"}, {"queue", "review", "storage", "styles"}),
        ("view_style", {"styles"}, {"queue", "review", "storage", "experiments"}),
    ],
)
def test_what_a_person_may_not_see_is_not_there(
    permission: str, there: set[str], absent: set[str], make_row: Any
) -> None:
    from django.contrib.auth.models import Permission, User
    from django.test import Client

    make_row(status=Status.PENDING)
    user = User.objects.create_user("guest", is_staff=True)
    client = Client()
    client.force_login(user)
    assert client.get(PAGE).status_code == client.get(QUEUE).status_code == 403
    assert PAGE not in client.get("/admin/").content.decode()
    user.user_permissions.add(Permission.objects.get(codename=permission))
    response = client.get(PAGE)
    assert response.status_code == 200
    assert {name for name in there | absent if name in response.context} == there
    assert PAGE in client.get("/admin/").content.decode()
    assert PAGE in client.get("/admin/shop_style/").content.decode()
    expected = 200 if permission == "view_stylevariant" else 403
    assert client.get(QUEUE).status_code == expected


def test_the_polled_answer_holds_the_same_pieces(staff: Any, make_row: Any) -> None:
    make_row(status=Status.PENDING)
    failed(make_row, "undecodable", "<b>mug</b>.jpg: damaged")
    client = staff(GENERATE)
    answer = client.get(QUEUE)
    assert answer["Content-Type"] == "application/json" and "no-store" in answer["Cache-Control"]
    body = answer.json()
    assert body["said"] == "1 waiting, 0 running, 1 failed." and body["busy"]
    page = client.get(PAGE).content.decode()
    for name, html in body["parts"].items():
        assert f'<div data-part="{name}">' in page
        assert html.strip() and html in page
    assert "&lt;b&gt;mug" in body["parts"]["failures"]


def test_a_count_of_storage_is_kept_until_it_is_asked_for_anew(staff: Any, make_row: Any) -> None:
    item = {"name": "x", "format": "webp", "width": 1, "height": 1, "bytes": 9}
    make_row(status=Status.READY, renditions=[item])
    client = staff()
    assert client.get(PAGE).context["storage"].bytes == 9
    make_row(status=Status.READY, renditions=[item])
    assert client.get(PAGE).context["storage"].bytes == 9
    assert client.get(PAGE, {"count": "1"}).context["storage"].bytes == 18
    assert client.get(PAGE).context["storage"].bytes == 18
