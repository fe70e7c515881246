"""Prices, money, instances and what does not fit, as messages."""

from __future__ import annotations

from foreload_core.scheduler.accounts import Account
from foreload_core.types import Deferral, Prices
from foreload_proto.v1 import broker_pb2

from foreload_system.codecs.decisions import reason_to_proto
from foreload_system.codecs.values import resource_to_proto, time_to_proto


def prices_to_proto(prices: Prices) -> broker_pb2.Prices:
    """The prices as a message."""
    return broker_pb2.Prices(**{name: getattr(prices, name) for name in Prices.__dataclass_fields__})


def prices_from_proto(message: broker_pb2.Prices) -> Prices:
    """What `prices_to_proto` gave."""
    return Prices(**{name: getattr(message, name) for name in Prices.__dataclass_fields__})


def account_to_proto(account: Account) -> broker_pb2.Account:
    """The account as a message."""
    return broker_pb2.Account(spent_usd=account.spent_usd, static_usd=account.static_usd)


def account_from_proto(message: broker_pb2.Account) -> Account:
    """What `account_to_proto` gave."""
    return Account(message.spent_usd, message.static_usd)


def deferral_to_proto(deferral: Deferral) -> broker_pb2.Deferral:
    """What does not fit, as a message."""
    return broker_pb2.Deferral(
        environment_id=deferral.environment_id,
        resource=resource_to_proto(deferral.resource),
        needed_amount=deferral.needed_amount,
        granted_amount=deferral.granted_amount,
        reason=reason_to_proto(deferral.reason),
        retry_at=time_to_proto(deferral.retry_at),
    )
