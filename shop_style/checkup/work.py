"""Who works: weights, engines, the queue, the rollup of events."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from importlib.util import find_spec
from typing import Final

from django.db.models import Max
from django.utils import timezone

from shop_style.checkup.finding import Area, Findings
from shop_style.conf import app_settings
from shop_style.exceptions import ShopStyleError
from shop_style.experiments.arm_files import arm_files, file_findings
from shop_style.experiments.rollup import rolled_up_at, waiting_events
from shop_style.experiments.snapshot import experiment_database
from shop_style.generation.status import QueueStatus, queue_status
from shop_style.models import Experiment, HourlyTotals, Style, VisitorTotals
from shop_style.transfer.registry import engines
from shop_style.transfer.weights import WEIGHTS

_LONG: Final = timedelta(minutes=10)
"""A picture that has waited so long has found no worker, or far too few."""

_ROLLUPS_LATE: Final = 5
_PURGES_LATE: Final = 2
"""Days: a daily purge that was missed once is no news."""

_EXTRAS: Final = (
    ("rapidocr", "ocr", "print is compared by its edges, not read"),
    ("sklearn", "learn", "fit_acceptance cannot learn from approvals"),
)


def check_weights() -> Findings:
    """Is each shipped or imported weight file the pinned one?"""
    area = Area("weights")
    for item in WEIGHTS.values():
        if not item.shipped and item.path() is None:
            continue
        try:
            item.verify()
        except ShopStyleError as error:
            yield area.wrong(f"{error} ({error.code})", "Reinstall django-shop-style.")
        else:
            yield area.right(f"{item.name} is the pinned file")


def check_engines() -> Findings:
    """Which engines there are, which extras are missing, and whether there is a style."""
    area = Area("engines")
    yield area.right(f"there are {', '.join(sorted(engines()))}")
    for module, extra, without in _EXTRAS:
        if find_spec(module) is None:
            yield area.notice(
                f"the extra `{extra}` is not installed: {without}",
                f'`pip install "django-shop-style[{extra}]"` where workers run, if it is wanted.',
            )
    if not Style.objects.exists():
        yield area.notice("there is no style yet", "Add one in the admin: Shop style → Styles.")


def check_queue() -> Findings:
    """Is somebody taking what is queued?"""
    area = Area("queue")
    for status in queue_status():
        yield from _queue_of(area, status)


def _queue_of(area: Area, status: QueueStatus) -> Findings:
    waited = status.oldest_pending
    if waited is not None and waited > _LONG:
        yield area.wrong(
            f"{status.database!r}: the oldest of {status.variants['pending']} has waited "
            f"{timedelta(seconds=round(waited.total_seconds()))}",
            "Start a worker (`manage.py style_worker`), or more of them.",
        )
    else:
        yield area.right(f"{status.database!r}: nothing waits long")
    if status.stalled:
        yield area.notice(
            f"{status.database!r}: {status.stalled} were left by a worker that died",
            "A running worker takes them up again by itself.",
        )
    for code, number in sorted(status.failures.items()):
        yield area.notice(
            f"{status.database!r}: {number} failed with {code}",
            "The variants' list in the admin says why; Try failed ones again when it is mended.",
        )


def check_experiments() -> Findings:
    """Are events counted while an experiment runs, and removed a while after it?"""
    area = Area("experiments")
    yield from _kept_too_long(area)
    rows = Experiment.objects.using(experiment_database())
    running = rows.filter(state=Experiment.State.RUNNING).count()
    if not running:
        yield area.right("none is running")
        return
    seconds, last, waiting = app_settings().ROLLUP_SECONDS, rolled_up_at(), waiting_events()
    late = last is None or timezone.now() - last > timedelta(seconds=_ROLLUPS_LATE * seconds)
    if waiting and late and seconds:
        yield area.wrong(
            f"running: {running}; {waiting} events wait to be counted, "
            + (f"the last rollup was {last:%Y-%m-%d %H:%M} UTC" if last else "none was ever run"),
            "Run `manage.py rollup_events --watch 60`; an idle style_worker does it too.",
        )
    else:
        yield area.right(f"running: {running}; {waiting} events wait to be counted")


def _kept_too_long(area: Area) -> Findings:
    """Experiments that are over, by a decision or because their time was, with visitors' rows."""
    alias, days = experiment_database(), app_settings().EVENT_DAYS
    rows = Experiment.objects.using(alias).filter(purged_at=None).order_by("pk")
    oldest = timezone.now() - timedelta(days=days + _PURGES_LATE)
    finished = rows.filter(state=Experiment.State.FINISHED, ended_at__lt=oldest)
    if names := _named(finished):
        yield area.notice(
            f"{names} ended more than {days} days ago, and what is known of visitors is still "
            "there: purge_events never ran since",
            "Schedule `manage.py purge_events` daily.",
        )
    undecided = [
        experiment
        for experiment in rows.filter(state=Experiment.State.PAUSED)
        if _is_quiet(experiment, oldest) and _keeps_visitors(experiment)
    ]
    if names := _named(undecided):
        yield area.notice(
            f"{names} waits, paused, with nobody seen for more than {days} days; until it is "
            "decided its visitors' rows and salts are kept",
            "Ship, revert or finish it; `manage.py purge_events` then removes them in time.",
        )


def _named(experiments: Iterable[Experiment]) -> str:
    return ", ".join(repr(experiment.slug) for experiment in experiments)


def _keeps_visitors(experiment: Experiment) -> bool:
    rows = VisitorTotals.objects.using(experiment._state.db)
    return rows.filter(phase__experiment=experiment).exists()


def _is_quiet(experiment: Experiment, since: datetime) -> bool:
    """Was the last event of its arms before that?"""
    hours = HourlyTotals.objects.using(experiment._state.db)
    last = hours.filter(phase__experiment=experiment).aggregate(last=Max("hour"))["last"]
    return last is not None and last < since


def check_arm_files() -> Findings:
    """Do the arms of running experiments serve files that are alike?"""
    area = Area("arm files")
    rows = Experiment.objects.using(experiment_database())
    for experiment in rows.filter(state=Experiment.State.RUNNING).order_by("pk"):
        for item in file_findings(arm_files(experiment)):
            text = f"{experiment.slug}: {item.text} ({item.code})"
            if item.severity == "right":
                yield area.right(text)
            elif item.severity == "notice":
                yield area.notice(text, item.next_step)
            else:
                yield area.wrong(text, item.next_step)


ALL: Final[tuple[Callable[[], Findings], ...]] = (
    check_weights,
    check_engines,
    check_queue,
    check_experiments,
    check_arm_files,
)
