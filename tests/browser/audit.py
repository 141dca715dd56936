"""Audits of an open page: WCAG 2.2 AA by axe-core, and whether it fits its window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
_LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_RUN = """async ([levels, part]) => {
  const parts = part ? Array.from(document.querySelectorAll(part)) : document;
  if (part && !parts.length) return [];
  const found = await axe.run(parts, {runOnly: {type: 'tag', values: levels}});
  return found.violations.map((rule) => ({
    rule: rule.id, help: rule.help,
    places: rule.nodes.map((node) => node.target.join(' ') + ' — ' + (node.any.concat(node.all,
      node.none).map((check) => check.message).join('; ')) + ' — ' + node.html.slice(0, 160)),
  }));
}"""
# A theme that has just been changed fades in, and is measured in between.
_STILL = "() => document.getAnimations().forEach((animation) => animation.finish())"
_TOO_WIDE = """() => {
  const root = document.documentElement;
  return root.scrollWidth > root.clientWidth + 1 ? root.scrollWidth : 0;
}"""


def need_axe() -> None:
    """Skip, saying how to get it, where npm has not brought axe-core."""
    if not AXE.exists():
        pytest.skip("axe-core is not here: `make test-browser` takes it from npm (Node.js needed)")


def violations(page: Any, part: str = "") -> list[str]:
    """What axe-core finds against WCAG 2.2 A and AA on the page as it is: a line for each place.

    part: a selector of what is ours on a page of somebody else's; empty for the whole page.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    page.evaluate(_STILL)
    return [
        f"{rule['rule']}: {rule['help']}: {place}"
        for rule in page.evaluate(_RUN, [_LEVELS, part])
        for place in rule["places"]
    ]


def overflow(page: Any) -> int:
    """The page's width in CSS pixels where it scrolls sideways, else 0 (WCAG 1.4.10, reflow)."""
    width: int = page.evaluate(_TOO_WIDE)
    return width
