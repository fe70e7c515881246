"""The extension's manifest, with the texts that it takes from package.nls.json."""

from __future__ import annotations

import json
import re
from typing import Any, cast

from steps.places import ROOT

MANIFEST = ROOT / "package.json"
TEXTS = ROOT / "package.nls.json"
_NAMED = re.compile(r"%([\w.-]+)%")


def read_manifest() -> dict[str, Any]:
    """The manifest as a person sees it in English.

    Raises:
        KeyError: it names a text that is not there.
    """
    texts = json.loads(TEXTS.read_text(encoding="utf-8"))
    return _with_texts(json.loads(MANIFEST.read_text(encoding="utf-8")), texts)


def _with_texts(value: Any, texts: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _with_texts(inner, texts) for key, inner in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_with_texts(inner, texts) for inner in cast("list[Any]", value)]
    named = _NAMED.fullmatch(value) if isinstance(value, str) else None
    return value if named is None else texts[named[1]]
