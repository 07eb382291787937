"""Names that become part of a topic filter, a session or a tag: checked before anything runs."""

import re

from ingest.errors import BadName

LONGEST = 100
_NAME = re.compile(rf"[^\s/+#$\x00-\x1f\x7f-\x9f][^\s/+#\x00-\x1f\x7f-\x9f]{{0,{LONGEST - 1}}}")


def check_name(option: str, name: str) -> None:
    """Hold a client id or a group's name against what MQTT and a store can carry.

    A slash would end the group's name within `$share/NAME/...`, and `+` and `#` stand for other names; an empty client
    id lets the broker invent one, so that the session is lost at every stop.

    Raises:
        BadName: it cannot be used; names the option.
    """
    if not name:
        raise BadName(f"{option} is empty; give a name, and keep it")
    if len(name) > LONGEST:
        raise BadName(f"{option}: a name of {len(name)} characters; {LONGEST} are the most")
    if not _NAME.fullmatch(name) or not name.isprintable():
        raise BadName(f"{option} {name!r}: blanks, control characters, '/', '+', '#' and a '$' in front cannot be used")
