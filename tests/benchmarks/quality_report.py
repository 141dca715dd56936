"""The tables of `quality`, in Markdown, from its points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from tests.benchmarks.curves import Curves, Difference, Interval, interval, ratio_interval
from tests.benchmarks.methods import STRENGTHS, BuiltIn, FirstLook, Fitted, Gatys, Peer
from tests.benchmarks.points import BLEND_OF, IDENTITY, Point

OURS: Final = (Fitted.name, BuiltIn.name, FirstLook.name)
WANTED_SHARE: Final = 0.8
BETWEEN: Final = (0.25, 0.5, 0.75)
ORDER: Final = (*OURS, Peer.name, Gatys.name, *(BLEND_OF + name for name in OURS), IDENTITY)


def report(points: Sequence[Point]) -> str:
    """Every table and goal."""
    curves = Curves(points)
    parts = (
        _summary(points),
        _means(points),
        _beside_peer(curves),
        _peer_beside(curves),
        _peer_by_kind(curves),
        _between(curves),
        _gatys(curves),
        _goals(curves),
    )
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def worst(points: Sequence[Point], count: int, *, ours: bool) -> list[Difference]:
    """The pairs where our fitted style falls farthest below the peer's full strength at equal
    content kept, worst first. ours: only those whose pictures may be shown."""
    found = Curves(points).differences(Fitted.name, Peer.name, 1.0, _kept)
    return sorted((item for item in found if item.ours or not ours), key=lambda item: item.value)[
        :count
    ]


def _summary(points: Sequence[Point]) -> list[str]:
    pairs = {(point.product, point.style): point.ours for point in points}
    products, styles = ({key[place] for key in pairs} for place in (0, 1))
    return [
        f"{len(pairs)} pairs of {len(products)} products and {len(styles)} styles, of which "
        f"{sum(pairs.values())} pairs are our renders in both. Brackets: 95 % bootstrap intervals "
        "over products."
    ]


def _table(title: str, columns: str, rows: Sequence[str]) -> list[str]:
    """Title, header and rows; nothing at all without rows. A column starting with < is text."""
    if not rows:
        return []
    names = columns.split(", ")
    head = " | ".join(name.removeprefix("<") for name in names)
    rule = " | ".join("---" if name.startswith("<") else "--:" for name in names)
    return [title, "", f"| {head} |", f"| {rule} |", *rows]


def _means(points: Sequence[Point]) -> list[str]:
    found: dict[tuple[str, float], list[Point]] = {}
    for point in points:
        if not point.method.startswith(BLEND_OF) or point.strength in STRENGTHS:
            found.setdefault((point.method, point.strength), []).append(point)
    rows = []
    for (method, strength), group in sorted(
        found.items(), key=lambda item: (_rank(item[0][0]), item[0][1])
    ):
        cells = [
            interval((point.product, getattr(point, name)) for point in group).text()
            for name in ("gain", "kept", "ssim")
        ]
        rows.append(f"| {method} | {strength:g} | {' | '.join(cells)} | {len(group)} |")
    title = "Means over pairs; methods of fewer pairs are not comparable with the rest here:"
    return _table(title, "<method, strength, style gain, content kept, SSIM inside, pairs", rows)


def _beside_peer(curves: Curves) -> list[str]:
    rows = []
    for method in OURS:
        for measure, label in ((_kept, "judge"), (_ssim, "SSIM")):
            for strength in reversed(STRENGTHS):
                found = curves.differences(method, Peer.name, strength, measure)
                if found:
                    rows.append(
                        f"| {method} | {strength:g} | {label} | {_share(found).percent()} "
                        f"| {_mean(found).text(sign='+')} | {_reach(found)['short']} |"
                    )
    return _table(
        "Ours beside the peer where ours keeps as much content as the peer does at that position "
        "of its dial. “Short”: pairs where ours keeps more even at full strength; there ours is "
        "charged for content that it did not spend.",
        "<ours, peer's strength, <content by, share at or above, difference of gain, short",
        rows,
    )


def _peer_beside(curves: Curves) -> list[str]:
    rows = []
    for method in OURS:
        found = curves.differences(Peer.name, method, 1.0, _kept, start=False)
        if found:
            turned = [(item.product, -item.value) for item in found]
            share = interval((product, float(value >= 0)) for product, value in turned)
            reach = _reach(found)
            rows.append(
                f"| {method} | {share.percent()} | {interval(turned).text(sign='+')} "
                f"| {reach['short']} | {reach['over']} |"
            )
    return _table(
        "The other way round: ours at full strength, and the peer at the position of its dial that "
        "keeps as much. “Short”: the peer keeps more at every position, and its best gain counts. "
        "“Over”: no position of the peer's keeps as much; there the peer is given the gain of the "
        "one that keeps most.",
        "<ours, share at or above, difference of gain, short, over",
        rows,
    )


def _peer_by_kind(curves: Curves) -> list[str]:
    found = curves.differences(Fitted.name, Peer.name, 1.0, _kept)
    kinds = {
        "our renders": [item for item in found if item.ours],
        "with real photos or works": [item for item in found if not item.ours],
        "reference that a built-in style was learned from": [i for i in found if i.seen],
        "reference the network never saw": [item for item in found if not item.seen],
    }
    rows = [
        f"| {label} | {_share(chosen).percent()} | {_mean(chosen).text(sign='+')} | {len(chosen)} |"
        for label, chosen in kinds.items()
        if chosen
    ]
    return _table(
        f"{Fitted.name} beside the peer at its full strength, by kind of pair:",
        "<kind, share at or above, difference of gain, pairs",
        rows,
    )


def _between(curves: Curves) -> list[str]:
    rows = []
    for method in OURS:
        for strength in BETWEEN:
            found = curves.over_blend(method, BLEND_OF + method, strength)
            if found:
                rows.append(
                    f"| {method} | {strength:g} | {_mean(found).text(4, '+')} | {len(found)} |"
                )
    return _table(
        "What the trained strengths gain over a linear blend of strength 1 that keeps the same "
        "content:",
        "<method, strength, difference of gain, pairs",
        rows,
    )


def _gatys(curves: Curves) -> list[str]:
    rows = []
    for method in (*OURS, Peer.name):
        both = curves.both(method, Gatys.name, 1.0)
        if both:
            share = ratio_interval((own.product, own.gain, best.gain) for own, best in both)
            start = method != Peer.name
            found = curves.differences(method, Gatys.name, 1.0, _kept, start)
            rows.append(
                f"| {method} | {share.percent()} | {_mean(found).text(sign='+')} | {len(both)} |"
            )
    return _table(
        f"Share of Gatys' style gain at full strength ({Gatys.name}): ratio of the mean gains, and "
        "the difference where the method keeps the content that Gatys keeps:",
        "<method, share of the gain, difference at equal content, pairs",
        rows,
    )


def _goals(curves: Curves) -> list[str]:
    lines = []
    found = curves.differences(Fitted.name, Peer.name, 1.0, _kept)
    if found:
        share = _share(found)
        lines.append(
            f"- {_verdict(share.value >= WANTED_SHARE)}: {Fitted.name} at or above the peer's "
            f"style gain at equal content kept on {share.percent()} of {share.pairs} pairs; the "
            f"goal is {WANTED_SHARE * 100:.0f} %, at the peer's full strength."
        )
    for strength in BETWEEN:
        gained = curves.over_blend(Fitted.name, BLEND_OF + Fitted.name, strength)
        if gained:
            mean = _mean(gained)
            lines.append(
                f"- {_verdict(mean.low > 0)}: strength {strength:g} of {Fitted.name} gains "
                f"{mean.text(4, '+')} over a linear blend; the goal is an interval above 0."
            )
    both = curves.both(Fitted.name, Gatys.name, 1.0)
    if both:
        share = ratio_interval((own.product, own.gain, best.gain) for own, best in both)
        lines.append(f"- {Fitted.name} reaches {share.percent()} of Gatys' style gain.")
    return lines


def _verdict(holds: bool) -> str:
    return "holds" if holds else "MISSED"


def _share(found: Sequence[Difference]) -> Interval:
    return interval((item.product, float(item.value >= 0)) for item in found)


def _mean(found: Sequence[Difference]) -> Interval:
    return interval((item.product, item.value) for item in found)


def _reach(found: Sequence[Difference]) -> Counter[str]:
    return Counter(item.reach for item in found)


def _rank(method: str) -> int:
    return ORDER.index(method) if method in ORDER else len(ORDER)


def _kept(point: Point) -> float:
    return point.kept


def _ssim(point: Point) -> float:
    return point.ssim
