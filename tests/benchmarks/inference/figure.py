"""False positives of equal arms as a small SVG: what is claimed, and what was found."""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks.inference.cells import Finding

_WIDTH, _LEFT, _ROW, _TOP = 720, 330, 26, 34
_MOST = 0.35


def false_positives(findings: Sequence[Finding]) -> str:
    """Bars of every false-positive share of the first A/A cell, a line at 5 %."""
    rows = [one for one in findings if one.measure.startswith("false positives")]
    height = _TOP + _ROW * len(rows) + 12
    scale = (_WIDTH - _LEFT - 70) / _MOST
    line = _LEFT + 0.05 * scale
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        'font-family="system-ui, sans-serif" font-size="13" role="img">',
        f"<title>{rows[0].cell}: how often equal arms are called different</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="12" y="20" fill="#333">{rows[0].cell}, called different</text>',
    ]
    for number, one in enumerate(rows):
        top = _TOP + number * _ROW
        label = one.measure.removeprefix("false positives, ").replace("`", "")
        colour = "#b9522f" if one.control else "#2f6f8f"
        parts += [
            f'<text x="{_LEFT - 8}" y="{top + 15}" text-anchor="end" fill="#333">{label}</text>',
            f'<rect x="{_LEFT}" y="{top + 3}" width="{one.value * scale:.1f}" height="16" '
            f'fill="{colour}"/>',
            f'<text x="{max(_LEFT + one.value * scale, line) + 6:.1f}" y="{top + 15}" fill="#333">'
            f"{one.shown}</text>",
        ]
    parts.append(
        f'<path d="M{line:.1f} {_TOP - 4}V{height - 8}" stroke="#333" stroke-dasharray="4 3"/>'
        f'<text x="{line:.1f}" y="{_TOP - 8}" text-anchor="middle" fill="#333">5 %</text></svg>'
    )
    return "\n".join(parts) + "\n"
