"""Rows straight into PostgreSQL: what a sink is measured against, and millions for a report."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from django.db import connection, transaction
from django.utils import timezone

from shop_style.experiments.sinks import EventRow, staging
from shop_style.experiments.snapshot import current_snapshot
from shop_style.models import Event, PhaseProduct

PER_VISITOR = 20
_SYNTHESIS = """
INSERT INTO shop_style_event ({columns})
SELECT md5(i::text), {experiment}, {phase}, ({arms}::bigint[])[1 + v %% 2],
       ({products}::bigint[])[1 + place], lpad(to_hex(v), 24, '0'), kind,
       now() - make_interval(secs => ({last} - i) * {days} * 86400.0 / {last}),
       place, NULL, lpad(to_hex(v), 22, '0'),
       CASE WHEN v %% 3 = 0 THEN 'desktop' ELSE 'mobile' END, 0
FROM (SELECT i, v, CASE WHEN i %% 20 < 10 THEN 'rendered'
                        WHEN i %% 20 < 19 OR v %% 3 > 0 THEN 'viewable' ELSE 'click' END AS kind,
             -- What is seen was rendered, and what is clicked was seen: the place before.
             (v * 7 + CASE WHEN i %% 20 = 19 AND v %% 3 = 0 THEN 8 ELSE i %% 10 END) %% 48 AS place
      FROM (SELECT i, i / {per_visitor} AS v FROM generate_series({first}, {last}) i) numbers
     ) events
"""


def some_rows(number: int) -> list[EventRow]:
    """New events of one page view."""
    experiment = current_snapshot().experiments[0]
    phase = next(iter(experiment.phases.values()))
    products = list(PhaseProduct.objects.order_by("pk").values_list("pk", flat=True))
    visitor, page_view, now = secrets.token_hex(12), secrets.token_hex(11), timezone.now()
    return sorted(
        EventRow(
            event_id=secrets.token_hex(16),
            experiment_id=experiment.id,
            phase_id=phase.id,
            arm_id=phase.arms[0].id,
            product_id=products[index % len(products)],
            visitor=visitor,
            kind="rendered",
            at=now,
            position=index % len(products),
            page_view=page_view,
            device="desktop",
        )
        for index in range(number)
    )


def raw_copy(rows: list[EventRow]) -> None:
    """COPY into the table itself, which fails on the first event that is there already."""
    names = ", ".join(EventRow._fields)
    statement = f"COPY shop_style_event ({names}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def by_arrays(rows: list[EventRow]) -> None:
    """One statement, one commit."""
    staging.insert_arrays(connection, rows)


def by_copy(rows: list[EventRow]) -> None:
    """COPY, staging, and what is new of it; one commit."""
    with transaction.atomic():
        staging.copy_rows(connection, rows)


def rows_a_second(write: Callable[[list[EventRow]], None], size: int, total: int) -> float:
    """Of batches of this size, one after the other on one connection, each committed."""
    batches = [some_rows(size) for _ in range(max(3, total // size))]
    write(some_rows(size))
    start = time.perf_counter()
    for batch in batches:
        write(batch)
    return size * len(batches) / (time.perf_counter() - start)


def synthesise(events: int, *, days: int = 30) -> None:
    """So many events in all, of visitors with 20 each, spread over the last days.

    Without checks of foreign keys, which its own numbers need none of.
    """
    there = Event.objects.count()
    experiment = current_snapshot().experiments[0]
    phase = next(iter(experiment.phases.values()))
    products = list(PhaseProduct.objects.order_by("pk").values_list("pk", flat=True))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            _SYNTHESIS.format(
                columns=", ".join(EventRow._fields),
                experiment=experiment.id,
                phase=phase.id,
                arms=f"ARRAY{[arm.id for arm in phase.arms]}",
                products=f"ARRAY{products}",
                first=there,
                last=events - 1,
                days=days,
                per_visitor=PER_VISITOR,
            ).replace("%%", "%")
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE shop_style_event")
