"""Rollups, what waits for them, and writers, all at once beside a SQLite file of Django's defaults.

A process of its own, for the tests' databases begin every transaction with a lock.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import django
from django.conf import settings

THREADS = 2
ROUNDS = 15
EVENTS = 2


def main() -> None:
    """Print how many threads failed, how many events there are, and how many are counted."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "settings.test"
    settings.DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "init_command": "PRAGMA synchronous=OFF;",
    }
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    work()


def work() -> None:
    from django.db import connections
    from django.db.models import Sum

    from shop_style.experiments.guard import counting_waits
    from shop_style.experiments.rollup import rollup
    from shop_style.models import Event, Phase, VisitorTotals

    phase, write = shop()
    failures: list[BaseException] = []

    def wait() -> None:
        with counting_waits("default"):
            Phase.objects.filter(pk=phase).update(number=1)

    def repeat(call: Callable[[int], object]) -> None:
        try:
            for number in range(ROUNDS):
                call(number)
        except BaseException as error:
            failures.append(error)
            print(repr(error))
        finally:
            connections.close_all()

    jobs = [
        lambda _: rollup(recount=True),
        lambda _: rollup(),
        lambda _: wait(),
        *(lambda number, name=f"w{index}": write(name, number) for index in range(4)),
    ]
    threads = [threading.Thread(target=repeat, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rollup()
    counted = VisitorTotals.objects.aggregate(number=Sum("rendered"))["number"]
    print("failures:", len(failures), "events:", Event.objects.count(), "counted:", counted)


def shop() -> tuple[int, Callable[[str, int], object]]:
    """A running experiment. Returns its phase, and what writes events of a visitor in it."""
    from django.contrib.contenttypes.models import ContentType
    from django.utils import timezone

    from shop_style.experiments.sinks import EventRow, store
    from shop_style.models import Arm, Experiment, Phase, PhaseProduct, Style

    now = timezone.now()
    experiment = Experiment.objects.create(
        slug="a", name="A", state="running", started_at=now, arm_salt="a", visitor_salt="v"
    )
    arm = Arm.objects.create(experiment=experiment, slug="control", weight=1.0)
    phase = Phase.objects.create(
        experiment=experiment, number=1, weights={str(arm.pk): 1.0}, started_at=now
    )
    kind = ContentType.objects.get_for_model(Style)
    product = PhaseProduct.objects.create(phase=phase, content_type=kind, object_id="1", field="x")

    def write(name: str, number: int) -> object:
        return store(
            "default",
            [
                EventRow(
                    event_id=f"{name}-{number}-{index}",
                    experiment_id=experiment.pk,
                    phase_id=phase.pk,
                    arm_id=arm.pk,
                    product_id=product.pk,
                    visitor=f"{name}{number}",
                    kind="rendered",
                    position=index,
                    at=timezone.now(),
                )
                for index in range(EVENTS)
            ],
        )

    return phase.pk, write


if __name__ == "__main__":
    main()
