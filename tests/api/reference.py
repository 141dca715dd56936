"""docs/api.md, written from the OpenAPI schema: `python -m tests.api.reference` (make docs)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "api.md"
SCHEMA = ROOT / "docs" / "openapi.yaml"

HEAD = """# API reference

Written from the schema ([openapi.yaml](openapi.yaml)) by `make docs`; do not edit it by hand.
Addresses are those of the demo project, which includes `shop_style.urls` under `shop-style/`. Its
`/shop-style/schema/` is the demo's own: a host adds drf-spectacular's view where it wants it.
Addresses in answers (`src`, `original`, `events`) are as the storage and the site give them,
without a host name where the storage is local: a storefront elsewhere puts the shop's before them.

Everything is JSON. An error is `{"code": …, "detail": …}` with a stable code: `invalid` (with
`fields`), `malformed`, `too_large`, `unsupported_media_type`, `method_not_allowed`, `not_found`,
`not_authenticated`, `authentication_failed`, `permission_denied`, `throttled` (with `Retry-After`),
`bad_token`, `expired_token`, `unknown_experiment`, and `unavailable` (503, with `Retry-After`) when
an event could not be stored. How to use it: [headless.md](headless.md). What `channels` of a
variant mean: [channels.md](channels.md).
"""


def markdown(schema: dict[str, Any]) -> str:
    """The page. schema: an OpenAPI 3 document as a dict."""
    parts = [HEAD]
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            parts.append("\n".join(_operation(schema, path, method, operation)))
    parts.append("## Bodies\n\n" + "\n\n".join(_components(schema)) + "\n")
    return "\n".join(parts)


def _operation(
    schema: dict[str, Any], path: str, method: str, operation: dict[str, Any]
) -> Iterator[str]:
    yield f"## {method.upper()} {path}\n"
    yield operation.get("description", "") + "\n"
    parameters = operation.get("parameters", [])
    if parameters:
        yield "| parameter | in | type | meaning |"
        yield "| --- | --- | --- | --- |"
        for item in parameters:
            needed = ", required" if item.get("required") else ""
            place = f"{item['in']}{needed}"
            meaning = _meaning(item)
            yield f"| `{item['name']}` | {place} | {_type(item['schema'])} | {meaning} |"
        yield ""
    body = operation.get("requestBody")
    if body:
        kinds = ", ".join(f"`{kind}`" for kind in body["content"])
        first = next(iter(body["content"].values()))
        yield f"Takes {_type(first['schema'])} as {kinds}.\n"
    yield "| status | body |"
    yield "| --- | --- |"
    for status, answer in sorted(operation["responses"].items()):
        content = answer.get("content", {}).get("application/json")
        yield f"| {status} | {_type(content['schema']) if content else ''} |"
    yield ""


def _components(schema: dict[str, Any]) -> Iterator[str]:
    for name, item in schema["components"]["schemas"].items():
        lines = [f"### {name}\n"]
        if item.get("description"):
            lines.append(item["description"].split("* `")[0].strip().replace("\n", " ") + "\n")
        if "enum" in item:
            lines.append("One of " + ", ".join(f"`{value}`" for value in item["enum"]) + ".")
        elif item.get("properties"):
            lines += ["| field | type | meaning |", "| --- | --- | --- |"]
            required = set(item.get("required", ()))
            for key, value in item["properties"].items():
                optional = "" if key in required else ", optional"
                lines.append(f"| `{key}` | {_type(value)}{optional} | {_meaning(value)} |")
        yield "\n".join(lines)


def _meaning(value: dict[str, Any]) -> str:
    """The description in one line, without the list of choices that spectacular adds."""
    return str(value.get("description", "")).split("* `")[0].strip().replace("\n", " ")


def _type(value: dict[str, Any]) -> str:
    """A type in words; a link where it has a body of its own."""
    if "$ref" in value:
        name = value["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    for key in ("allOf", "oneOf"):
        if key in value:
            names = [_type(item) for item in value[key]]
            return " or ".join(name for name in names if name) + _nullable(value)
    if "enum" in value:
        return " or ".join(f"`{item}`" for item in value["enum"])
    if value.get("type") == "array":
        return f"list of {_type(value['items'])}" + _limits(value)
    if value.get("type") == "object":
        inner = value.get("additionalProperties")
        return f"object of {_type(inner)}" if isinstance(inner, dict) and inner else "object"
    shown = str(value.get("format") or value.get("type") or "any")
    return shown + _limits(value) + _nullable(value)


def _limits(value: dict[str, Any]) -> str:
    limits = [
        f"{word} {value[key]}"
        for key, word in (
            ("minItems", "at least"),
            ("maxItems", "at most"),
            ("maxLength", "at most"),
            ("minimum", "from"),
        )
        if key in value
    ]
    return f" ({', '.join(limits)})" if limits else ""


def _nullable(value: dict[str, Any]) -> str:
    return " or null" if value.get("nullable") else ""


def main() -> None:
    """Write both files."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings.test")
    import django
    import yaml

    django.setup()
    from django.core.management import call_command

    call_command("spectacular", "--validate", "--fail-on-warn", file=str(SCHEMA))
    PAGE.write_text(markdown(yaml.safe_load(SCHEMA.read_text("utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
