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

# Django's links and buttons change their colours slowly, which moves nothing.
_MOVES = """(part) => {
  const STILL = ['none', 'color', 'background', 'background-color', 'border-color'];
  const seconds = (text) => Math.max(...text.split(',').map(parseFloat));
  const found = new Set();
  for (const root of document.querySelectorAll(part)) {
    for (const element of [root, ...root.querySelectorAll('*')]) {
      for (const pseudo of [null, '::before', '::after']) {
        const style = getComputedStyle(element, pseudo);
        const fades = seconds(style.transitionDuration) > 0
          && !style.transitionProperty.split(', ').every((name) => STILL.includes(name));
        const name = element.tagName.toLowerCase() + '.' + (element.getAttribute('class') || '')
          + (pseudo || '');
        if (fades) found.add(`${name}: transition of ${style.transitionProperty}`);
        if (style.animationName !== 'none') found.add(`${name}: ${style.animationName}`);
        if (!pseudo && style.scrollBehavior === 'smooth') found.add(`${name}: smooth scrolling`);
      }
    }
  }
  return [...found];
}"""
_NAMELESS = """() => Array.from(document.querySelectorAll('svg')).filter((svg) => {
  if (!svg.querySelector(':scope > :not(symbol)')) return false;
  if (svg.parentElement.closest('svg') || svg.closest('[aria-hidden=true]')) return false;
  const ids = (svg.getAttribute('aria-labelledby') || '').split(' ').filter(Boolean);
  const named = ids.map((id) => (document.getElementById(id) || {textContent: ''}).textContent);
  const name = svg.getAttribute('aria-label') || named.join(' ');
  return !(['img', 'group'].includes(svg.getAttribute('role')) && name.trim());
}).map((svg) => svg.outerHTML.slice(0, 160))"""


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


def moving(page: Any, part: str = "") -> list[str]:
    """What would move although less motion is asked for: a line for each kind of element."""
    found: list[str] = page.evaluate(_MOVES, part or "body")
    return found


def nameless_drawings(page: Any) -> list[str]:
    """Drawings that are neither hidden from a screen reader nor told to it as a named picture."""
    found: list[str] = page.evaluate(_NAMELESS)
    return found
