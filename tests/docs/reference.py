"""The generated pages of docs/, written anew: `python -m tests.docs.reference` (`make docs`)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def pages() -> dict[Path, str]:
    """Every generated page by its file, as the code says it now. Django must be set up."""
    from tests.docs import architecture, checks, engines, errors, metrics, signals, snippets

    made: dict[str, Callable[[], str]] = {
        "reference/checks.md": checks.page,
        "reference/signals.md": signals.page,
        "reference/engines.md": engines.page,
        "reference/metrics.md": metrics.page,
        "reference/errors.md": errors.page,
        "images/architecture.svg": architecture.figure,
        "extending.md": snippets.page,
    }
    return {ROOT / "docs" / name: make() for name, make in made.items()}


def main() -> None:
    """Write what differs."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings.test")
    import django

    django.setup()
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"written: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
