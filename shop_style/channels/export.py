"""Copies of what may go to a channel, with a manifest; each file is read back before it leaves."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from django.db.models import Model
from django.utils.text import get_valid_filename
from PIL import Image, UnidentifiedImageError

from shop_style.channels.candidates import Candidate
from shop_style.channels.choice import Rendition
from shop_style.channels.policy import ChannelPolicy
from shop_style.exceptions import ExportError
from shop_style.experiments.rendering import alternative_text
from shop_style.generation.files import read_if_there
from shop_style.imaging.encode import EXTENSIONS, white_border
from shop_style.imaging.provenance import read_digital_source_type
from shop_style.models import StyleVariant

MANIFEST: Final = "manifest.csv"
COLUMNS: Final = (
    "object",
    "field",
    "style",
    "file",
    "format",
    "width",
    "height",
    "bytes",
    "sha256",
    "digital_source_type",
    "alt",
)


@dataclass
class ExportReport:
    """What was copied, and what was not and why.

    rows: the manifest's, by COLUMNS. refused: pictures that may not go, counted by the code of
    their first reason. broken: of those that may, the ones whose file is not what its row says.
    left_over: files of an earlier export into the same folder that are not in this one.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    left_over: list[str] = field(default_factory=list)


def export(
    policy: ChannelPolicy, found: Iterable[Candidate], folder: Path, *, dry_run: bool = False
) -> ExportReport:
    """Copy every admitted picture's file into a folder, and list them in its manifest.csv.

    Names stay the same from export to export. Each file's mark, size, weight and white border are
    read back from its bytes; one that differs from its row is not copied. Nothing is removed.
    dry_run: decide by the rows alone, write nothing. Raises OSError where the folder cannot be
    written.
    """
    report = ExportReport()
    taken: set[str] = set()
    if not dry_run:
        folder.mkdir(parents=True, exist_ok=True)
    for candidate in found:
        host, rendition = candidate.host, candidate.answer.rendition
        if host is None:
            report.refused["host_gone"] += 1
            continue
        if rendition is None:
            report.refused[candidate.answer.reasons[0].code] += 1
            continue
        row = _row(candidate, host, rendition, policy, taken)
        try:
            if not dry_run:
                row |= _copy(candidate.variant, rendition, policy, folder / row["file"])
        except ExportError as error:
            report.broken.append(f"{row['object']} {row['style']}: {error}")
        else:
            report.rows.append(row)
    if not dry_run:
        report.left_over = sorted(_earlier(folder) - {row["file"] for row in report.rows})
        _write(folder / MANIFEST, _manifest(report.rows))
    return report


def _row(
    candidate: Candidate,
    host: Model,
    rendition: Rendition,
    policy: ChannelPolicy,
    taken: set[str],
) -> dict[str, Any]:
    variant = candidate.variant
    style = "" if policy.untouched else variant.style.slug
    return {
        "object": f"{host._meta.label_lower}:{variant.object_id}",
        "field": variant.field,
        "style": style,
        "file": _file_name(variant, style or "original", str(rendition["format"]), taken),
        "format": rendition["format"],
        "width": rendition["width"],
        "height": rendition["height"],
        "bytes": rendition.get("bytes", ""),
        "sha256": "",
        "digital_source_type": "" if policy.untouched else variant.digital_source_type,
        "alt": alternative_text(host),
    }


def _file_name(variant: StyleVariant, look: str, kind: str, taken: set[str]) -> str:
    """Stable, since feeds want stable addresses; told apart where two keys read the same."""
    parts = [variant.content_type.model, variant.object_id, variant.field, look]
    if variant.database != "default":
        parts.insert(0, variant.database)
    stem = get_valid_filename("-".join(parts))
    if stem in taken:
        stem = f"{stem}-{variant.pk}"
    taken.add(stem)
    return f"{stem}.{EXTENSIONS.get(kind, kind)}"


def _copy(
    variant: StyleVariant, rendition: Rendition, policy: ChannelPolicy, target: Path
) -> dict[str, Any]:
    """Copy one file; what its bytes say of themselves. Raises ExportError."""
    name = str(rendition["name"])
    data = read_if_there(variant.image.storage, name)
    if data is None:
        raise ExportError(f"{name} is gone from storage; `prune_variants` finds all that are")
    marked = "" if policy.untouched else variant.digital_source_type
    mark = _checked(data, rendition, policy, marked=marked)
    _write(target, data)
    return {
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "digital_source_type": mark,
    }


def _checked(data: bytes, rendition: Rendition, policy: ChannelPolicy, *, marked: str) -> str:
    """The mark inside the file. Raises ExportError where its bytes are not as the row says."""
    name = rendition["name"]
    try:
        with Image.open(io.BytesIO(data), formats=(str(rendition["format"]).upper(),)) as image:
            image.load()
            mark = read_digital_source_type(image) or ""
    except (UnidentifiedImageError, OSError) as error:
        raise ExportError(f"{name} is no whole {rendition['format']}: {error}") from error
    if image.size != (rendition["width"], rendition["height"]):
        raise ExportError(f"{name} is {image.width} × {image.height}, not as its row says")
    if policy.max_bytes is not None and len(data) > policy.max_bytes:
        raise ExportError(f"{name} weighs {len(data)} bytes, more than {policy.max_bytes}")
    if marked and mark != marked:
        raise ExportError(f"{name} is marked {mark or 'nothing'}, not {marked}; render it again")
    if policy.min_white_border is not None:
        white = white_border(image if image.mode in ("RGB", "RGBA") else image.convert("RGB"))
        if white < policy.min_white_border:
            raise ExportError(
                f"{name}: {white:.4f} of its border is white, less than {policy.min_white_border}; "
                "raise RENDITION_QUALITY and render again"
            )
    return mark


def _earlier(folder: Path) -> set[str]:
    """Files that the manifest of an earlier export names, and that are still there."""
    manifest = folder / MANIFEST
    if not manifest.exists():
        return set()
    with manifest.open(encoding="utf-8", newline="") as stream:
        names = {Path(row.get("file") or "").name for row in csv.DictReader(stream)}
    return {name for name in names if name and (folder / name).exists()}


def _manifest(rows: Iterable[dict[str, Any]]) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()


def _write(path: Path, data: bytes) -> None:
    # Whoever uploads the folder meanwhile never sees half a file.
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    os.replace(part, path)
