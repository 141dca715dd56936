"""Which pictures take part in which phases, and what each arm shows of them. One query."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connections
from django.db.models import BooleanField, F, Func, Q

from shop_style.experiments.shown import Shown
from shop_style.models import PhaseProduct, StyleVariant

_COLUMNS = ("pk", "phase_id", "content_type_id", "object_id", "field", "left_out_at")


@dataclass(slots=True)
class Part:
    """A picture's part in a phase. key: its content type, object and field. variants: what each arm
    with a style shows, by the arm's number; None for one that was pruned."""

    product: int
    phase: int
    key: tuple[int, str, str]
    left_out: bool
    variants: dict[int, Shown | None]


def parts(
    alias: str, phases: Collection[int], content_types: Collection[int], ids: Collection[str]
) -> Iterator[Part]:
    """The parts of these rows in these phases, in the order of their numbers."""
    tables = (PhaseProduct._meta.db_table, StyleVariant._meta.db_table)
    statement, places = _statement(alias, tables, len(phases), len(content_types), len(ids))
    texts = list(ids)
    values: tuple[Any, ...] = (*phases, *content_types, *texts, texts)
    part: Part | None = None
    with connections[alias].cursor() as cursor:
        cursor.execute(statement, [values[at] if at >= 0 else item for at, item in places])
        rows = cursor.fetchall()
    # A row for each arm with a style.
    for pk, phase, kind, row, name, left_out_at, arm, *variant in rows:
        if part is None or part.product != pk:
            if part is not None:
                yield part
            part = Part(pk, phase, (kind, row, name), left_out_at is not None, {})
        if arm is not None:
            part.variants[arm] = None if variant[0] is None else Shown(*variant)
    if part is not None:
        yield part


@lru_cache(maxsize=512)
def _statement(
    alias: str, tables: tuple[str, ...], phases: int, content_types: int, ids: int
) -> tuple[str, list[tuple[int, Any]]]:
    """The query for so many values of each, and which value goes to which of its places; what is
    the same in each query stands there itself, beside −1.

    The ORM writes it once for each size of page: that takes it longer than the database answers.
    """
    known: list[Any] = [-1 - number for number in range(phases + content_types)]
    texts = [f"row {number}" for number in range(ids)]
    known += [*texts, texts]
    is_one = (
        _IsOneOf("object_id", texts)
        if connections[alias].vendor == "postgresql"
        else Q(object_id__in=texts)
    )
    found = (
        PhaseProduct.objects.using(alias)
        .filter(
            is_one,
            phase__in=known[:phases],
            content_type__in=known[phases : phases + content_types],
        )
        .order_by("pk")
        .values_list(*_COLUMNS, "shown__arm_id", *Shown.columns("shown__variant__"))
    )
    statement, values = found.query.get_compiler(using=alias).as_sql()
    return statement, [
        (known.index(value), None) if value in known else (-1, value) for value in values
    ]


class _IsOneOf(Func):
    """Is a text column one of these? As one array: psycopg splits a statement of more than 50
    values anew each time."""

    output_field = BooleanField()

    def __init__(self, column: str, texts: list[str]) -> None:
        super().__init__(F(column))
        self.texts = texts

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """PostgreSQL's own."""
        column, values = compiler.compile(self.source_expressions[0])
        return f"{column} = ANY(%s)", [*values, self.texts]
