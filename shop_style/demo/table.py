"""The demo's results as text: a table, and in words why some did not pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from shop_style.models import Status, StyleVariant

HEADINGS = ("product", "style", "status", "SSIM", "perceptual", "ΔE00", "verdict", "seconds")
_NUMBERS = {"SSIM", "ΔE00", "seconds"}


def verdict_of(variant: StyleVariant) -> str:
    """One word or two."""
    if variant.status == Status.FAILED:
        return variant.error_code
    if variant.passed is None:
        return "–"
    return "passed" if variant.passed else "did not pass"


def table(rows: Iterable[tuple[str, StyleVariant]]) -> Iterator[str]:
    """Lines of the table. rows: name of the product, and the variant."""
    cells = [HEADINGS, *(_cells(product, variant) for product, variant in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADINGS))]
    yield _line(cells[0], widths)
    yield "  ".join("─" * width for width in widths)
    for row in cells[1:]:
        yield _line(row, widths)


def reasons(rows: Iterable[tuple[str, StyleVariant]]) -> Iterator[str]:
    """A line for each variant that failed or did not pass its gate."""
    for product, variant in rows:
        if variant.status == Status.FAILED:
            yield f"{product}, {variant.style}: {variant.error_detail} ({variant.error_code})"
        elif variant.passed is False:
            why = " ".join(item["text"] for item in variant.reasons)
            yield f"{product}, {variant.style}: {why}"


def _cells(product: str, variant: StyleVariant) -> tuple[str, ...]:
    perceptual = _number(variant.perceptual, 3)
    if variant.perceptual is not None:
        perceptual = f"{perceptual} {variant.perceptual_name}"
    return (
        product[:32],
        str(variant.style),
        str(variant.get_status_display()),
        _number(variant.ssim, 3),
        perceptual,
        _number(variant.delta_e, 1),
        verdict_of(variant),
        _number(variant.seconds, 1),
    )


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(
        cell.rjust(width) if heading in _NUMBERS else cell.ljust(width)
        for cell, width, heading in zip(row, widths, HEADINGS, strict=True)
    ).rstrip()
