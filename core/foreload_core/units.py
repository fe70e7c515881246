"""The one place where amounts change their unit or become text.

Everywhere else: cores (float), bytes (int), bytes per second, seconds, ratio 0..1, USD per hour.
"""

from __future__ import annotations

from datetime import UTC, datetime

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB
MEGABYTE = 1_000_000


def cores_text(cores: float) -> str:
    """Cores as people read them: at most one decimal, none where it would be zero; two below 0.1."""
    if 0 < cores < 0.1:
        return f"{cores:.2f}"
    text = f"{cores:.1f}"
    return text.removesuffix(".0")


def memory_text(memory_bytes: float) -> str:
    """Memory with its unit, GiB from half a GiB on, MiB below."""
    if memory_bytes >= GIB / 2:
        return f"{gib_text(memory_bytes)} GiB"
    return f"{memory_bytes / MIB:.0f} MiB"


def gib_text(memory_bytes: float) -> str:
    """Memory in GiB without the unit, at most one decimal."""
    return f"{memory_bytes / GIB:.1f}".removesuffix(".0")


def rate_text(bytes_per_second: float) -> str:
    """A network rate with its unit, in MB/s; in kB/s where that would round to nothing."""
    if bytes_per_second < MEGABYTE / 20:
        return f"{bytes_per_second / 1000:.0f} kB/s"
    megabytes = bytes_per_second / MEGABYTE
    return f"{megabytes:.0f} MB/s" if megabytes >= 10 else f"{megabytes:.1f} MB/s"


def duration_text(seconds: float) -> str:
    """A duration in its largest fitting unit, without more digits than are known."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 36 * 3600:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86400:.0f} days"


def parse_time(text: str) -> datetime:
    """An RFC 3339 time as an aware UTC time.

    Raises:
        ValueError: the text is no time, or says nothing of its offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write it as 2026-01-05T07:42:43Z")
    return moment.astimezone(UTC)


def format_time(moment: datetime) -> str:
    """An aware time as RFC 3339 in UTC, milliseconds where there are any."""
    utc = moment.astimezone(UTC)
    precision = "milliseconds" if utc.microsecond else "seconds"
    return utc.isoformat(timespec=precision).replace("+00:00", "Z")
