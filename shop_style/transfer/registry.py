"""Engines by name, ours and third parties'. Looking one up loads no torch; making one does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from shop_style.exceptions import EngineError, UnknownEngine
from shop_style.transfer.engine import Engine
from shop_style.transfer.parameters import (
    GRADE_REFERENCES,
    EngineParameters,
    FabricParameters,
    GradeParameters,
    NetworkParameters,
    OptimiseParameters,
    RestoreParameters,
)
from styleeval.sentence import gettext_noop, said

ENTRY_POINT_GROUP = "shop_style.engines"


@dataclass(frozen=True, kw_only=True)
class EngineEntry:
    """One engine as the web process sees it.

    path: "package.module:Class", imported only where pictures are rendered.
    mode: which gate thresholds its results are held to by default.
    version: raised whenever the same style would give other pixels.
    weights: names of pinned weight files it cannot work without.
    needs_references: must a style without an artefact have reference pictures?
    most_references: how many it takes; None sets no bound.
    artefact_ending: of the files that a style of this engine may keep as its artefact; empty
    takes none.
    trained: does a trained network compute the pixels? Decides the digital source type.
    enhances: is its change small enough to count as an enhancement of the photo?
    needs_mask: does it work on the product alone, and draw its own edge?
    typical_seconds, typical_bytes: what one 1200 px picture takes on two CPU cores, for an
    estimate before anything was measured (docs/benchmarks.md).
    """

    name: str
    label: str
    path: str
    parameters: type[EngineParameters]
    mode: str
    version: int = 1
    weights: tuple[str, ...] = ()
    needs_references: bool = True
    most_references: int | None = None
    artefact_ending: str = ""
    trained: bool = True
    enhances: bool = False
    needs_mask: bool = False
    typical_seconds: float = 50.0
    typical_bytes: float = 3_000_000.0

    def load(self) -> Engine:
        """Import and make the engine. Raises EngineError when its module will not import."""
        return _engine(self.path)


BUILT_IN = (
    EngineEntry(
        name="grade",
        label=gettext_noop("Colour grade"),
        path="shop_style.transfer.grade:GradeEngine",
        parameters=GradeParameters,
        mode="grade",
        version=2,
        most_references=GRADE_REFERENCES,
        artefact_ending=".cube",
        trained=False,
        enhances=True,
        typical_seconds=1.5,
    ),
    EngineEntry(
        name="optimise",
        label=gettext_noop("Optimisation (Gatys)"),
        path="shop_style.transfer.optimise:OptimiseEngine",
        parameters=OptimiseParameters,
        mode="artistic",
        weights=("trunk",),
    ),
    EngineEntry(
        name="network",
        label=gettext_noop("Style network"),
        path="shop_style.transfer.network:NetworkEngine",
        parameters=NetworkParameters,
        mode="artistic",
        version=3,
        weights=("network",),
        needs_references=False,
        artefact_ending=".safetensors",
        typical_seconds=3.0,
    ),
    EngineEntry(
        name="fabric",
        label=gettext_noop("Fabric"),
        path="shop_style.transfer.fabric:FabricEngine",
        parameters=FabricParameters,
        mode="fabric",
        trained=False,
        needs_mask=True,
        typical_seconds=3.0,
    ),
    EngineEntry(
        name="restore",
        label=gettext_noop("Restoration"),
        path="shop_style.transfer.restore:RestoreEngine",
        parameters=RestoreParameters,
        mode="restore",
        needs_references=False,
        trained=False,
        enhances=True,
        typical_seconds=3.0,
    ),
)


@cache
def engines() -> dict[str, EngineEntry]:
    """All engines by name. A third party's entry point names an EngineEntry object."""
    found = {entry.name: entry for entry in BUILT_IN}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        entry = point.load()
        if not isinstance(entry, EngineEntry):
            raise EngineError(
                said(
                    "entry point {point!r} of {entry_point_group} gives {kind}, not an "
                    "EngineEntry; fix the package that declares it",
                    point=point.name,
                    entry_point_group=ENTRY_POINT_GROUP,
                    kind=type(entry).__name__,
                )
            )
        found[entry.name] = entry
    return found


def engine_entry(name: str) -> EngineEntry:
    """The entry of this name. Raises UnknownEngine."""
    try:
        return engines()[name]
    except KeyError:
        raise UnknownEngine(
            said(
                "no engine is called {name!r}; known are {engines}",
                name=name,
                engines=", ".join(sorted(engines())),
            )
        ) from None


@cache
def _engine(path: str) -> Engine:
    module_name, _, attribute = path.partition(":")
    try:
        engine: Engine = getattr(import_module(module_name), attribute)()
    except (ImportError, AttributeError) as error:
        raise EngineError(
            said("engine {path!r} will not import: {why}", path=path, why=error)
        ) from error
    return engine
