"""What can be wrong with an experiment's numbers: ValueErrors with a stable code."""

from __future__ import annotations

from typing import ClassVar


class InferenceError(ValueError):
    """Root of the errors below. `code` is stable; the message may change."""

    code: ClassVar[str] = "inference_error"


class InvalidSummary(InferenceError):
    """Sums that no set of visitors can have."""

    code = "invalid_summary"


class InvalidSplit(InferenceError):
    """Counts or weights that no split of visitors can have."""

    code = "invalid_split"


class OutOfRange(InferenceError):
    """A setting that is not in its range."""

    code = "out_of_range"


class ShapesDiffer(InferenceError):
    """Two columns that do not belong to the same visitors or arms."""

    code = "shapes_differ"


class TooFewVisitors(InferenceError):
    """Visitors, impressions or differences between visitors are too few for a variance."""

    code = "too_few_visitors"


class TooFewProducts(InferenceError):
    """Products with data are too few to say how products differ."""

    code = "too_few_products"
