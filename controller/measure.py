"""What triggers measure at a tick, and whether they hold."""

from collections.abc import Iterable, Mapping

from controller.rules import Rule, Scope, Trigger
from controller.state import Heard, Latch


class Measures:
    """The values of triggers at one tick.

    Args:
        heard: the newest reading of each device, by kind.
        tick: Unix milliseconds.
        begun: since when anything could be heard.
    """

    def __init__(self, heard: Mapping[str, Mapping[str, Heard]], tick: int, begun: int) -> None:
        self._heard, self._tick, self._begun = heard, tick, begun
        self._known: dict[tuple[str, int, str], float | None] = {}

    def value(self, rule: Rule, number: int, device: Heard) -> float | None:
        """What a rule's trigger measures for a device; None if all that it looks at is silent."""
        trigger = rule.when[number]
        key = rule.name, number, scope_key(trigger, rule, device)
        if key not in self._known:
            values = [
                trigger.number(one.values[trigger.channel.name])
                for one in self._looked_at(trigger, rule, device)
                if one.ts > self._tick - trigger.silent_ms and trigger.channel.name in one.values
            ]
            self._known[key] = trigger.aggregate(values) if values else None
        return self._known[key]

    def latch(self, trigger: Trigger, value: float | None, before: Latch | None) -> Latch:
        """Whether a trigger holds now; without a value as before, until it has been silent for too long."""
        on = before is not None and before.on
        if value is not None:
            after = trigger.after(value, on=on)
        else:
            after = on and self._tick - self._begun <= trigger.silent_ms
        return Latch(on=after, since=self._tick) if before is None or after != on else before

    def _looked_at(self, trigger: Trigger, rule: Rule, device: Heard) -> Iterable[Heard]:
        among = self._heard.get(trigger.kind.name, {})
        match trigger.scope:
            case Scope.DEVICE:
                return (among[device.device],) if device.device in among else ()
            case Scope.CELL:
                each = trigger.kind.per_cell
                first = device.number // rule.kind.per_cell * each
                names = (trigger.kind.device(number + 1) for number in range(first, first + each))
                return (among[name] for name in names if name in among)
            case Scope.SITE:
                return (one for one in among.values() if one.site == device.site)
            case Scope.TOWN:
                return among.values()


def scope_key(trigger: Trigger, rule: Rule, device: Heard) -> str:
    """What tells the devices that a trigger looks at from those that it looks at for another device."""
    return {
        Scope.DEVICE: device.device,
        Scope.CELL: str(device.number // rule.kind.per_cell),
        Scope.SITE: device.site,
        Scope.TOWN: "",
    }[trigger.scope]
