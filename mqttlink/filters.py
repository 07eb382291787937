"""Topic filters as text. Pure."""

SHARE_PREFIX = "$share/"


def matches(pattern: str, topic: str) -> bool:
    """Whether a well-formed filter (no share prefix) selects a topic."""
    wanted, levels = pattern.split("/"), topic.split("/")
    if levels[0].startswith("$") and wanted[0] in {"+", "#"}:
        return False
    for i, level in enumerate(wanted):
        if level == "#":
            return True
        if i >= len(levels) or (level != "+" and level != levels[i]):
            return False
    return len(wanted) == len(levels)


def covers(pattern: str, asked: str) -> bool:
    """Whether a filter selects everything that another selects."""
    levels = asked.split("/")
    wide = pattern.split("/")
    if "#" in levels and wide[-1] != "#":
        return False
    if "#" in levels and len(levels) < len(wide):
        return False
    return matches(pattern, asked)
