"""Who a program is: the one name in its certificate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["environment", "agent", "broker", "operator"]
KINDS: tuple[str, ...] = get_args(Kind)

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_PREFIX = "spiffe://foreload/"
NAME_RULE = "1 to 63 lower-case letters, digits and hyphens, a letter or digit first and last"


class IdentityError(ValueError):
    """A name or URI that is no identity, or a peer that has none."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One identity. For agents the name is the instance's id, for environments the environment's id.

    Raises:
        IdentityError: the kind or the name is not allowed.
    """

    kind: Kind
    name: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise IdentityError(f"identity kind {self.kind!r} is not known; allowed are {', '.join(KINDS)}")
        if not is_name(self.name):
            raise IdentityError(f"{self.kind} name {self.name!r} is not allowed; use {NAME_RULE}")

    @property
    def uri(self) -> str:
        """The form that stands in certificates."""
        return f"{_PREFIX}{self.kind}/{self.name}"

    @classmethod
    def parse(cls, uri: str) -> Identity:
        """Reads the form that stands in certificates.

        Raises:
            IdentityError: it is not one of ours.
        """
        kind, slash, name = uri.removeprefix(_PREFIX).partition("/")
        if not uri.startswith(_PREFIX) or not slash:
            raise IdentityError(
                f"{uri!r} is no identity; it reads {_PREFIX}KIND/NAME with KIND one of {', '.join(KINDS)}"
            )
        return cls(kind, name)  # pyright: ignore[reportArgumentType]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def is_name(text: str) -> bool:
    """Whether `text` may be an environment's, instance's, broker's or operator's name."""
    return _NAME.fullmatch(text) is not None
