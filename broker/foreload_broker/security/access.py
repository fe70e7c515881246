"""Which kind of identity may call which method. Whose data a method touches follows from the caller's name."""

from __future__ import annotations

from collections.abc import Mapping

from foreload_system.identity import KINDS, Identity

BROKER_SERVICE = "foreload.v1.BrokerService"
AGENT_SERVICE = "foreload.v1.AgentService"
TASK_SERVICE = "foreload.v1.TaskService"
ENROLMENT_SERVICE = "foreload.v1.EnrolmentService"

_ENVIRONMENT = frozenset({"environment"})
_READERS = frozenset({"environment", "operator"})
_OPERATOR = frozenset({"operator"})
_AGENT = frozenset({"agent"})
_ANYONE = frozenset(KINDS)

METHODS: Mapping[str, frozenset[str]] = {
    f"/{BROKER_SERVICE}/Connect": _ENVIRONMENT,
    f"/{BROKER_SERVICE}/ListDecisions": _READERS,
    f"/{BROKER_SERVICE}/ExplainDecision": _READERS,
    f"/{BROKER_SERVICE}/PinLimit": _ENVIRONMENT,
    f"/{BROKER_SERVICE}/UndoDecision": _ENVIRONMENT,
    f"/{BROKER_SERVICE}/DeclineDecision": _ENVIRONMENT,
    f"/{BROKER_SERVICE}/PauseScaling": _ENVIRONMENT,
    f"/{BROKER_SERVICE}/SetConsent": _ENVIRONMENT,
    f"/{BROKER_SERVICE}/Purge": _ENVIRONMENT,
    f"/{BROKER_SERVICE}/GetStatus": _OPERATOR,
    f"/{AGENT_SERVICE}/Attach": _AGENT,
    f"/{TASK_SERVICE}/Run": _ENVIRONMENT,
    f"/{TASK_SERVICE}/ListTasks": _READERS,
    f"/{TASK_SERVICE}/DeclineMove": _ENVIRONMENT,
    f"/{TASK_SERVICE}/SignalTask": _ENVIRONMENT,
    f"/{TASK_SERVICE}/Host": _AGENT,
    f"/{ENROLMENT_SERVICE}/CreateToken": _OPERATOR,
    f"/{ENROLMENT_SERVICE}/ListActs": _OPERATOR,
    f"/{ENROLMENT_SERVICE}/Renew": frozenset({"environment", "agent", "operator"}),
}
"""A method that is not here is nobody's, so that a new one is closed until it is opened."""

NEWCOMERS_METHODS = frozenset({f"/{ENROLMENT_SERVICE}/GetAuthority", f"/{ENROLMENT_SERVICE}/Enroll"})
"""On the listener for newcomers, which asks for no certificate, there is nothing else."""

OPEN_SERVICES = (
    "grpc.health.v1.Health",
    "grpc.reflection.v1alpha.ServerReflection",
    "grpc.reflection.v1.ServerReflection",
)
"""Tell nothing of environments: for everyone whose certificate is ours."""


class Denied(Exception):  # noqa: N818 - it names what happened to the caller
    """The caller may not do this. The message says who may."""


def require_method(identity: Identity, method: str) -> None:
    """Passes a call, or raises.

    Args:
        identity: who calls.
        method: full name, as /package.Service/Method.

    Raises:
        Denied: the identity's kind may not call it.
    """
    service = method.strip("/").partition("/")[0]
    kinds = _ANYONE if service in OPEN_SERVICES else METHODS.get(method, frozenset[str]())
    if identity.kind not in kinds:
        who = " and ".join(f"{kind}s" for kind in sorted(kinds)) or "nobody"
        raise Denied(f"{identity} may not call {method}; it is for {who}")


def require_own(identity: Identity, environment_id: str, what: str) -> None:
    """Passes an environment that reads its own data, and operators.

    Raises:
        Denied: it is another environment's.
    """
    if identity.kind != "operator" and identity.name != environment_id:
        raise Denied(f"{what} is not of {identity}; each environment sees its own only")
