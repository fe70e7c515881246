from __future__ import annotations

import pytest
from foreload_system.identity import Identity, IdentityError, is_name


@pytest.mark.parametrize("name", ["a", "a1", "checkout-api", "0", "a" * 63])
def test_names_that_are_allowed(name: str) -> None:
    identity = Identity("environment", name)
    assert Identity.parse(identity.uri) == identity
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a_b", "a/b", "../x", "a" * 64, "ä", "a\n", "a b"])
def test_names_that_are_refused_with_the_rule(name: str) -> None:
    with pytest.raises(IdentityError, match="1 to 63 lower-case letters"):
        Identity("environment", name)


@pytest.mark.parametrize(
    "uri",
    ["", "spiffe://foreload", "spiffe://foreload/", "spiffe://other/agent/a", "agent/a", "https://foreload/agent/a"],
)
def test_uris_of_others(uri: str) -> None:
    with pytest.raises(IdentityError):
        Identity.parse(uri)


def test_kinds_are_named() -> None:
    with pytest.raises(IdentityError, match="allowed are environment, agent, broker, operator"):
        Identity.parse("spiffe://foreload/root/a")
