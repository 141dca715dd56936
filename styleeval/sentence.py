"""Sentences for people, as templates and values; whoever shows one translates the template."""

from __future__ import annotations


def said(template: str, /, **values: object) -> str:
    """The template with its values filled in, as `str.format` does it.

    `make messages` takes the template up, so it is written out where this is called. A value
    called `why`, `which` or `meaning` is itself said in words.
    """
    return template.format(**values)


def gettext_noop(text: str) -> str:
    """Marks a template that is written elsewhere than in its `said`."""
    return text
