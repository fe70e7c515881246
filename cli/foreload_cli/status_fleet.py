"""What `foreload status` shows of the fleet: instances, the pool, money, and what does not fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from foreload_core.types import Amounts, Reason, Resource
from foreload_core.units import cores_text, gib_text
from foreload_core.words import amount_text, sentence


def fleet_content(answer: Any) -> dict[str, Any]:
    """The fleet's part of what is printed as JSON."""
    from foreload_core.plain import to_plain
    from foreload_system.codecs import amounts_from_proto, reason_from_proto, resource_from_proto, time_from_proto
    from foreload_system.codecs.fleet import account_from_proto, prices_from_proto

    account = account_from_proto(answer.account)
    pool = answer.pool
    return {
        "prices": to_plain(prices_from_proto(answer.prices)),
        "account": {
            "spent_usd": account.spent_usd,
            "static_usd": account.static_usd,
            "saved_usd": account.saved_usd,
        },
        "instances": [
            {
                "instance_id": each.instance_id,
                "phase": each.phase,
                "type_name": each.type_name,
                "agent_connected": each.agent_connected,
                "environment_count": each.environment_count,
                "usd_per_hour": each.usd_per_hour,
                "held": to_plain(amounts_from_proto(each.held)),
                "capacity": to_plain(amounts_from_proto(each.capacity)),
            }
            for each in answer.instances
        ],
        "pool": {
            "provider": pool.provider,
            "type_name": pool.type_name,
            "wanted_count": pool.wanted_count,
            "level_ratio": pool.level_ratio,
            "trouble": pool.trouble,
        }
        if answer.HasField("pool")
        else None,
        "deferred": [
            {
                "environment_id": each.environment_id,
                "resource": resource_from_proto(each.resource).value,
                "needed_amount": each.needed_amount,
                "granted_amount": each.granted_amount,
                "reason": to_plain(reason_from_proto(each.reason)),
                "retry_at": to_plain(time_from_proto(each.retry_at)),
            }
            for each in answer.deferred
        ],
    }


def print_fleet(content: dict[str, Any], say: Callable[[str], None]) -> None:
    """The fleet's part of the table: nothing of what there is nothing to say of."""
    pool, account = content["pool"], content["account"]
    if pool is not None or len(content["instances"]) > 1:
        for each in content["instances"]:
            say(_instance(each))
    if pool is not None:
        say(f"Pool of {pool['type_name']} instances by {pool['provider']}: {pool['wanted_count']} wanted.")
        if pool["trouble"]:
            say(f"The provider has trouble: {pool['trouble']}")
    if account["static_usd"] > 0:
        say(
            f"This month the limits cost ${account['spent_usd']:.2f}; those before the first change would have cost"
            f" ${account['static_usd']:.2f}, so ${account['saved_usd']:.2f} are saved."
        )
    for each in content["deferred"]:
        resource = Resource(each["resource"])
        reason = Reason(each["reason"]["step"], each["reason"]["code"], each["reason"].get("numbers", {}))
        say(f"{each['environment_id']} waits for {amount_text(resource, each['needed_amount'])}: {sentence(reason)}")


def _instance(each: dict[str, Any]) -> str:
    held, capacity = Amounts(**each["held"]), Amounts(**each["capacity"])
    state = each["phase"] or ("ready" if each["agent_connected"] else "away")
    shares = [
        f"{text(held.get(resource) or 0.0)} of {text(most)} {unit}"
        for resource, text, unit in ((Resource.CPU, cores_text, "cores"), (Resource.MEMORY, gib_text, "GiB"))
        if (most := capacity.get(resource)) is not None
    ]
    parts = [f"Instance {each['instance_id']}: {state}", f"{each['environment_count']} environments", *shares]
    if each["usd_per_hour"]:
        parts.append(f"${each['usd_per_hour']:.2f} an hour")
    return ", ".join(parts) + "."
