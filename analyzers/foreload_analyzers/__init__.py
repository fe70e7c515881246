"""Code analysis: bytes and a language in, a report out. Reads no files, clocks or networks."""

from __future__ import annotations

from foreload_analyzers.document import MAX_SOURCE_BYTES, Document, analyze
from foreload_analyzers.languages import BY_NAME, language_of
from foreload_analyzers.lenses import Lens, heavy, hover_markdown, lens, lens_text
from foreload_analyzers.metrics import with_radon
from foreload_analyzers.report import (
    ALGORITHM_CLASSES,
    APPLICATION_TYPES,
    COMPLEXITIES,
    FEATURE_SCHEMA_VERSION,
    Bottleneck,
    Evidence,
    Function,
    Loop,
    Needs,
    Report,
)

__all__ = [
    "ALGORITHM_CLASSES",
    "APPLICATION_TYPES",
    "BY_NAME",
    "COMPLEXITIES",
    "FEATURE_SCHEMA_VERSION",
    "MAX_SOURCE_BYTES",
    "Bottleneck",
    "Document",
    "Evidence",
    "Function",
    "Lens",
    "Loop",
    "Needs",
    "Report",
    "analyze",
    "heavy",
    "hover_markdown",
    "language_of",
    "lens",
    "lens_text",
    "with_radon",
]
