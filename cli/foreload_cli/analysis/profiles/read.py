"""Tells what kind of profile a file is, and reads it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from foreload_cli.analysis.profiles.cprofile import is_cprofile, read_cprofile
from foreload_cli.analysis.profiles.measured import BadProfile, Measured
from foreload_cli.analysis.profiles.perf import looks_like_perf, read_perf
from foreload_cli.analysis.profiles.pyspy import read_collapsed
from foreload_cli.analysis.profiles.speedscope import read_speedscope

MAX_PROFILE_BYTES = 1024**3
ALLOWED = (
    "allowed are a file of cProfile (python -m cProfile -o FILE), py-spy's raw or speedscope format "
    "(py-spy record --format raw), and the text of `perf script`"
)
OTHERS = (
    (b"PERFILE2", "this is perf's own record; give the text of it: perf script -i FILE > profile.txt"),
    (b"\x1f\x8b", "this is packed by gzip (pprof's profiles are, too, and are not read); unpack it first"),
    (b"<?xml", "this is a picture or another XML file; record with py-spy record --format raw"),
    (b"<svg", "this is a picture; record with py-spy record --format raw"),
)


def read_profile(path: Path) -> Measured:
    """Reads a profile.

    Raises:
        BadProfile: there is no such file, it is none of the profiles that are read, or it holds no time.
    """
    try:
        if not path.is_file():
            raise BadProfile("there is no such file")
        if path.stat().st_size > MAX_PROFILE_BYTES:
            raise BadProfile(f"the file has {path.stat().st_size / 1024**3:.1f} GiB; at most 1 GiB is read")
        content = path.read_bytes()
    except OSError as error:
        raise BadProfile(error.strerror or str(error)) from error
    measured = _read(content)
    if measured.total <= 0:
        raise BadProfile(f"the profile of {measured.kind} holds no time: nothing was seen running")
    return measured


def _read(content: bytes) -> Measured:
    if not content.strip():
        raise BadProfile(f"the file is empty; {ALLOWED}")
    for mark, problem in OTHERS:
        if content.startswith(mark):
            raise BadProfile(problem)
    if is_cprofile(content):
        return read_cprofile(content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadProfile(f"this is no profile; {ALLOWED}") from error
    if text.lstrip()[:1] in ("{", "["):
        return read_speedscope(_json(text))
    if looks_like_perf(text):
        return read_perf(text)
    if re.search(r"^\S.* \d+$", text, re.MULTILINE):
        return read_collapsed(text)
    raise BadProfile(f"this is no profile; {ALLOWED}")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadProfile(f"this looks like JSON and is not ({error})") from error
