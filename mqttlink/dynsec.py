"""A table of accounts as Mosquitto's dynamic-security plugin stores it.

The format is that of the plugin in Mosquitto 2.0: https://mosquitto.org/documentation/dynamic-security/
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Iterable

from mqttlink.accounts import Account, Role, roles_of

#: What mosquitto_passwd writes; for random passwords of 256 bits no iteration count makes a difference.
_ITERATIONS = 101
_SALT_BYTES = 12


def dynamic_security(accounts: Iterable[Account]) -> str:
    """The plugin's configuration: what no role allows is refused, in both directions.

    Raises:
        ValueError: two accounts, or two different roles, have one name.
    """
    accounts = list(accounts)
    names = [account.username for account in accounts]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"two accounts are named {twice[0]!r}")
    config = {
        "defaultACLAccess": {
            "publishClientSend": False,
            "publishClientReceive": False,
            "subscribe": False,
            "unsubscribe": True,
        },
        "clients": [_client(account) for account in accounts],
        "groups": [],
        "roles": [_role(role) for role in roles_of(accounts)],
    }
    return json.dumps(config, indent=2) + "\n"


def _client(account: Account) -> dict[str, object]:
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", account.password, salt, _ITERATIONS)
    bound = {} if account.client_id is None else {"clientid": account.client_id}
    return {
        "username": account.username,
        **bound,
        "roles": [{"rolename": role.name} for role in account.roles],
        "password": base64.b64encode(digest).decode(),
        "salt": base64.b64encode(salt).decode(),
        "iterations": _ITERATIONS,
    }


def _role(role: Role) -> dict[str, object]:
    kinds = (
        ("publishClientSend", role.publish),
        ("publishClientReceive", role.receive),
        ("subscribeLiteral", role.subscribe),
        ("subscribePattern", role.within),
    )
    acls = [
        {"acltype": kind, "topic": pattern, "priority": 0, "allow": True}
        for kind, patterns in kinds
        for pattern in patterns
    ]
    return {"rolename": role.name, "acls": acls}
