"""What variants take up in storage, by the sizes that their rows keep: no storage is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db import connections

from shop_style.models import StyleVariant

OWN: Final = "renditions"
ORIGINALS: Final = "original_renditions"

# What a database does with a list in a JSON column; others are read row by row.
_UNNESTED: Final = {
    "sqlite": (
        "json_each({column}) AS item",
        "json_extract(item.value, '$.format')",
        "json_extract(item.value, '$.bytes')",
    ),
    "postgresql": (
        "jsonb_array_elements({column}) AS item(value)",
        "item.value ->> 'format'",
        "(item.value ->> 'bytes')::bigint",
    ),
}
_CHUNK: Final = 500

_Line = tuple[Any, bool, int, int]


@dataclass(frozen=True, kw_only=True)
class Stored:
    """Files of one format. of_originals: the copies that an experiment's control shows.

    files and bytes are of live variants; retired_files and retired_bytes lie there until pruned.
    """

    format: str
    of_originals: bool
    files: int
    bytes: int
    retired_files: int
    retired_bytes: int


def stored_files(using: str) -> list[Stored]:
    """By column and format, the largest first. Two queries, which read every variant's file list.

    Files whose size a row does not keep count as files of 0 bytes.
    """
    found: list[Stored] = []
    for column in (OWN, ORIGINALS):
        found += _by_format(_lines(using, column), of_originals=column == ORIGINALS)
    return sorted(found, key=lambda item: -(item.bytes + item.retired_bytes))


def _by_format(lines: Iterable[_Line], *, of_originals: bool) -> list[Stored]:
    files: Counter[tuple[str, bool]] = Counter()
    sizes: Counter[tuple[str, bool]] = Counter()
    for name, is_live, number, size in lines:
        key = (str(name or ""), bool(is_live))
        files[key] += number
        sizes[key] += int(size or 0)
    return [
        Stored(
            format=name,
            of_originals=of_originals,
            files=files[name, True],
            bytes=sizes[name, True],
            retired_files=files[name, False],
            retired_bytes=sizes[name, False],
        )
        for name in dict.fromkeys(key[0] for key in files)
    ]


def _lines(using: str, column: str) -> Iterable[_Line]:
    connection = connections[using]
    unnested = _UNNESTED.get(connection.vendor)
    if unnested is None:
        return _read(using, column)
    quote = connection.ops.quote_name
    table = quote(StyleVariant._meta.db_table)
    items, name, size = unnested
    statement = (
        f"SELECT {name}, retired_at IS NULL, COUNT(*), SUM({size}) "  # noqa: S608  # our own names
        f"FROM {table}, {items.format(column=f'{table}.{quote(column)}')} GROUP BY 1, 2"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        lines: list[_Line] = cursor.fetchall()
    return lines


def _read(using: str, column: str) -> Iterable[_Line]:
    rows = StyleVariant.objects.using(using).order_by().values_list(column, "retired_at")
    for items, retired_at in rows.iterator(chunk_size=_CHUNK):
        for item in items or ():
            yield item.get("format"), retired_at is None, 1, item.get("bytes") or 0
