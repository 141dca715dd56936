"""`.cube` look-up tables as photo tools write and read them: bounded, strict, plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from shop_style.exceptions import CubeError
from styleeval.sentence import said

Floats = NDArray[np.float64]

MOST_BYTES: Final = 64_000_000
"""A 129³ table with six decimals takes 58 MB."""

SIDES: Final = (2, 129)
CURVE_LENGTHS: Final = (2, 65_536)
ENDING: Final = ".cube"

_DIGITS: Final = 6
_LARGEST_VALUE: Final = 100.0
_LOWEST, _HIGHEST = (-1.0, 0.0), (1.0, 4.0)
_MOST_HEADER_LINES: Final = 10_000
_LINES_AT_ONCE: Final = 8192
_CURVES_SIDE: Final = 65
# Possessive, so that no line makes it try again and again. Stricter than Python's own float(),
# which takes nan, inf and 1_000.
_NUMBER: Final = r"[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?"
_ROWS: Final = re.compile(rf"(?:[ \t]*+{_NUMBER}[ \t]++{_NUMBER}[ \t]++{_NUMBER}[ \t]*+\n)++")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def _unit_domain() -> Floats:
    return np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])


@dataclass(frozen=True, kw_only=True, eq=False)
class Cube:
    """A table of encoded sRGB for encoded sRGB.

    values: (N, N, N, 3) over blue, green, red; or three curves, (N, 3). Values may lie outside
    [0, 1] and are clipped once they were looked up. domain: (2, 3), the inputs of the first and
    the last node.
    """

    values: Floats
    domain: Floats = field(default_factory=_unit_domain)
    title: str = ""

    @property
    def is_curves(self) -> bool:
        """Is it one curve a channel, not a table?"""
        return self.values.ndim == 2

    @property
    def has_unit_domain(self) -> bool:
        """Are 0 and 1 the inputs of its first and last nodes?"""
        return bool(np.array_equal(self.domain, _unit_domain()))

    def at(self, rgb: Floats) -> Floats:
        """Values for colours (…, 3), trilinear; outside the domain those of its edge."""
        low, high = self.domain
        side = len(self.values)
        position = np.clip((rgb - low) / (high - low), 0, 1) * (side - 1)
        if self.is_curves:
            nodes = np.arange(side)
            channels = [np.interp(position[..., k], nodes, self.values[:, k]) for k in range(3)]
            return np.stack(channels, axis=-1)
        return _trilinear(self.values, position)

    def on_unit_grid(self, side: int | None = None) -> Floats:
        """Values (N, N, N, 3) on a grid over [0, 1]; its own nodes wherever they are on it.

        Curves, and tables over another domain, are looked up on a grid of 65.
        """
        own = None if self.is_curves or not self.has_unit_domain else len(self.values)
        if side is None:
            side = own or _CURVES_SIDE
        return self.values if side == own else self.at(grid(side))


def grid(side: int) -> Floats:
    """Colours (side, side, side, 3) at the nodes over [0, 1], indexed [blue, green, red]."""
    axis = np.linspace(0, 1, side)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    return np.stack([red, green, blue], axis=-1)


def _trilinear(values: Floats, position: Floats) -> Floats:
    lower = np.minimum(position.astype(np.int64), len(values) - 2)
    red, green, blue = np.moveaxis(position - lower, -1, 0)[..., None]
    r, g, b = np.moveaxis(lower, -1, 0)
    planes = []
    for z in (b, b + 1):
        near = values[z, g, r] * (1 - red) + values[z, g, r + 1] * red
        far = values[z, g + 1, r] * (1 - red) + values[z, g + 1, r + 1] * red
        planes.append(near * (1 - green) + far * green)
    looked_up: Floats = planes[0] * (1 - blue) + planes[1] * blue
    return looked_up


def write_cube(cube: Cube) -> bytes:
    """The file: six decimals, red fastest, LF. Reading it back gives the written digits."""
    title = re.sub(r"[\"\s\x00-\x1f\x7f]+", " ", cube.title).strip()
    size = "LUT_1D_SIZE" if cube.is_curves else "LUT_3D_SIZE"
    header = [f'TITLE "{title}"'] if title else []
    header.append(f"{size} {len(cube.values)}")
    for keyword, bound in zip(("DOMAIN_MIN", "DOMAIN_MAX"), cube.domain, strict=True):
        header.append(f"{keyword} {_written(bound)}")
    # Adding 0 turns −0 into 0.
    rows = np.round(cube.values.reshape(-1, 3), _DIGITS) + 0.0
    return "\n".join([*header, *map(_written, rows.tolist()), ""]).encode()


def _written(row: Sequence[float] | Floats) -> str:
    return " ".join(f"{value:.{_DIGITS}f}" for value in row)


def read_cube(data: bytes, *, name: str = ENDING) -> Cube:
    """Read a 3D table, or three curves.

    name: what people know the file by. Raises CubeError naming it, the line and the way out.
    """
    return _Reader(name).cube(data)


class _Reader:
    """One file's lines, from keywords to table."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._title = ""
        self._size = 0
        self._curves = False
        self._domain = _unit_domain()

    def cube(self, data: bytes) -> Cube:
        lines = self._lines(data)
        first = self._read_header(lines)
        self._check_header()
        rows = self._rows(lines, first)
        shape = (self._size, 3) if self._curves else (*3 * (self._size,), 3)
        return Cube(values=rows.reshape(shape), domain=self._domain, title=self._title)

    def _lines(self, data: bytes) -> list[str]:
        if len(data) > MOST_BYTES:
            self._refuse(
                "it is larger than {most:,} bytes; export it again with 33 points a side",
                most=MOST_BYTES,
            )
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            # Old tools write titles and comments in the code page of their system.
            text = data.decode("latin-1")
        if _CONTROL.search(text):
            self._refuse("it is not a text file; choose the .cube that the photo tool exported")
        return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")

    def _read_header(self, lines: list[str]) -> int:
        """Take in the keywords. Returns the index of the table's first line."""
        for index, line in enumerate(lines[:_MOST_HEADER_LINES]):
            words = line.split(maxsplit=1)
            if not words or words[0].startswith("#"):
                continue
            if words[0][0] in "+-.0123456789":
                return index
            self._take(words[0].upper(), words[1].strip() if len(words) > 1 else "", index + 1)
        return len(lines)

    def _take(self, keyword: str, rest: str, line: int) -> None:
        if keyword == "TITLE":
            self._title = rest.strip('"')[:200]
        elif keyword in ("LUT_3D_SIZE", "LUT_1D_SIZE"):
            self._take_size(keyword, rest, line)
        elif keyword in ("DOMAIN_MIN", "DOMAIN_MAX"):
            self._domain[int(keyword == "DOMAIN_MAX")] = self._numbers(rest, 3, line)
        elif keyword in ("LUT_3D_INPUT_RANGE", "LUT_1D_INPUT_RANGE"):
            self._domain[:] = self._numbers(rest, 2, line)[:, None]
        elif keyword in ("LUT_IN_VIDEO_RANGE", "LUT_OUT_VIDEO_RANGE"):
            self._refuse("it is made for video levels; export it again for full range", line)
        else:
            self._refuse(
                "{keyword!r} is no keyword of a .cube file; remove the line, or export the look "
                "again as .cube",
                line,
                keyword=keyword[:40],
            )

    def _take_size(self, keyword: str, rest: str, line: int) -> None:
        if self._size:
            self._refuse("it gives a second size; export the look again as one 3D table", line)
        self._curves = keyword == "LUT_1D_SIZE"
        least, most = CURVE_LENGTHS if self._curves else SIDES
        digits = rest.split("#")[0].strip()
        size = int(digits) if re.fullmatch(r"[0-9]{1,6}", digits) else 0
        if not least <= size <= most:
            self._refuse(
                "{keyword} {text!r} is not a whole number from {least} to {most}; export it "
                "again with 33 points a side",
                line,
                keyword=keyword,
                text=rest[:40],
                least=least,
                most=most,
            )
        self._size = size

    def _check_header(self) -> None:
        if not self._size:
            self._refuse(
                "no line gives LUT_3D_SIZE or LUT_1D_SIZE before the table; export the look again "
                "as .cube"
            )
        low, high = self._domain
        within = [
            np.all((low >= _LOWEST[0]) & (low <= _LOWEST[1])),
            np.all((high >= _HIGHEST[0]) & (high <= _HIGHEST[1])),
        ]
        if not all(within):
            self._refuse(
                "its domain, {low} to {high}, does not fit pictures, which go from 0 to 1; "
                "export it again with DOMAIN_MIN 0 0 0 and DOMAIN_MAX 1 1 1",
                low=_written(low),
                high=_written(high),
            )

    def _rows(self, lines: list[str], first: int) -> Floats:
        wanted = self._size if self._curves else self._size**3
        rows, filled = np.empty((wanted, 3)), 0
        for numbers, block in _blocks(lines, first):
            fitting = block[: wanted - filled]
            rows[filled : filled + len(fitting)] = self._values(fitting, numbers)
            filled += len(fitting)
            if len(block) > len(fitting):
                self._refuse(
                    "its table has more than the {wanted} lines that its size says; export it "
                    "again",
                    numbers[len(fitting)],
                    wanted=wanted,
                )
        if filled < wanted:
            self._refuse(
                "its table ends after {filled} of {wanted} lines; the file is cut off: copy or "
                "export it again",
                len(lines),
                filled=filled,
                wanted=wanted,
            )
        return rows

    def _values(self, block: Sequence[str], numbers: Sequence[int]) -> Floats:
        text = "\n".join([*block, ""])
        if _ROWS.fullmatch(text):
            values = np.fromstring(text, sep=" ").reshape(-1, 3)
            if np.all(np.abs(values) <= _LARGEST_VALUE):
                return values
        # Line by line, to name the one that is wrong.
        lines = zip(block, numbers, strict=False)
        return np.stack([self._numbers(line, 3, number) for line, number in lines])

    def _numbers(self, text: str, count: int, line: int) -> Floats:
        words = text.split("#")[0].split()
        if len(words) != count or not all(re.fullmatch(_NUMBER, word) for word in words):
            self._refuse(
                "{text!r} is not {count} numbers with a dot for decimals; export the look again "
                "as .cube",
                line,
                text=text.strip()[:60],
                count=count,
            )
        values = np.array([float(word) for word in words])
        if not np.all(np.abs(values) <= _LARGEST_VALUE):
            self._refuse(
                "{text!r} is far outside 0 to 1, where looks for pictures lie; export it again "
                "for display",
                line,
                text=text.strip()[:60],
            )
        return values

    def _refuse(self, template: str, line: int | None = None, /, **values: object) -> NoReturn:
        problem = said(template, **values)
        if line is None:
            raise CubeError(f"{self._name}: {problem}")
        raise CubeError(said("{name}, line {line}: {why}", name=self._name, line=line, why=problem))


def _blocks(lines: list[str], first: int) -> Iterator[tuple[list[int], list[str]]]:
    """Runs of the table's lines with their numbers, blank and comment lines left out."""
    for start in range(first, len(lines), _LINES_AT_ONCE):
        numbered = [
            (number, line)
            for number, line in enumerate(lines[start : start + _LINES_AT_ONCE], start + 1)
            if line and not line.isspace() and not line.lstrip().startswith("#")
        ]
        if numbered:
            yield [number for number, _ in numbered], [line for _, line in numbered]
