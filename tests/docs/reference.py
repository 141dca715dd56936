"""The generated pages of docs/, written anew: `python -m tests.docs.reference` (`make docs`)."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


PAGES: dict[str, str] = {
    "reference/checks.md": "checks:page",
    "reference/signals.md": "signals:page",
    "reference/engines.md": "engines:page",
    "reference/metrics.md": "metrics:page",
    "reference/errors.md": "errors:page",
    "images/architecture.svg": "architecture:figure",
    "extending.md": "snippets:page",
}
"""What is written, below docs/, and the function that says how it is now."""


def text_of(name: str) -> str:
    """A generated page as the code says it now. Django must be set up."""
    module, function = PAGES[name].split(":")
    text: str = getattr(import_module(f"tests.docs.{module}"), function)()
    return text


def main() -> None:
    """Write what differs."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings.test")
    import django

    django.setup()
    for name in PAGES:
        path, text = ROOT / "docs" / name, text_of(name)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"written: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
