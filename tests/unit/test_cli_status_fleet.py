"""What status says of the fleet: instances, the pool, money, and what waits for room."""

from __future__ import annotations

from datetime import UTC, datetime

from foreload_cli.status_fleet import fleet_content, print_fleet
from foreload_core.scheduler.accounts import Account
from foreload_core.types import Amounts, Deferral, Prices, Reason, Resource
from foreload_core.types.resources import NO_AMOUNTS
from foreload_proto.v1 import broker_pb2
from foreload_system.codecs import amounts_to_proto
from foreload_system.codecs.fleet import account_to_proto, deferral_to_proto, prices_to_proto

GIB = 2**30
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def said(answer: broker_pb2.GetStatusResponse) -> list[str]:
    lines: list[str] = []
    print_fleet(fleet_content(answer), lines.append)
    return lines


def test_a_fleet_in_a_few_lines() -> None:
    numbers = {"room_cpu_cores": 2.0, "capacity_cpu_cores": 16.0, "need_cpu_cores": 6.0}
    short = Deferral("api", Resource.CPU, 6.0, 2.0, Reason("capacity", "capacity_shared", numbers), NOW)
    answer = broker_pb2.GetStatusResponse(
        prices=prices_to_proto(Prices()),
        account=account_to_proto(Account(12.0, 30.5)),
        instances=[
            broker_pb2.InstanceStatus(
                instance_id="pool-1",
                phase="ready",
                type_name="general-16",
                agent_connected=True,
                capacity=amounts_to_proto(Amounts(16.0, 64 * GIB)),
                held=amounts_to_proto(Amounts(14.0, 20 * GIB)),
                environment_count=3,
                usd_per_hour=0.77,
            )
        ],
        pool=broker_pb2.PoolStatus(provider="local", type_name="general-16", wanted_count=2, trouble="no more room"),
        deferred=[deferral_to_proto(short)],
    )
    assert said(answer) == [
        "Instance pool-1: ready, 3 environments, 14 of 16 cores, 20 of 64 GiB, $0.77 an hour.",
        "Pool of general-16 instances by local: 2 wanted.",
        "The provider has trouble: no more room",
        "This month the limits cost $12.00; those before the first change would have cost $30.50, so $18.50 are saved.",
        "api waits for 6 cores: 2 cores of the instance's 16 cores are free for you now; 6 cores would be needed.",
    ]
    assert fleet_content(answer)["account"]["saved_usd"] == 18.5


def test_one_machine_without_a_pool_says_nothing_of_a_fleet() -> None:
    one = broker_pb2.InstanceStatus(instance_id="local", held=amounts_to_proto(NO_AMOUNTS))
    assert said(broker_pb2.GetStatusResponse(instances=[one])) == []
