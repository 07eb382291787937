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
        self._known: dict[tuple[str, str], float | None] = {}

    def value(self, rule: Rule, number: int, device: Heard) -> float | None:
        """What a rule's trigger measures for a device; None if all that it looks at is silent."""
        trigger = rule.when[number]
        key = rule.name, latch_key(number, rule, device.number, device.device, device.site)
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


def scope_key(trigger: Trigger, rule: Rule, number: int, device: str, site: str) -> str:
    """What tells the devices that a trigger looks at from those that it looks at for another device."""
    return {
        Scope.DEVICE: device,
        Scope.CELL: str(number // rule.kind.per_cell),
        Scope.SITE: site,
        Scope.TOWN: "",
    }[trigger.scope]


def latch_key(place: int, rule: Rule, number: int, device: str, site: str) -> str:
    """Under which a rule's trigger is latched for a device, by the trigger's place in the rule."""
    return f"{place}:{scope_key(rule.when[place], rule, number, device, site)}"
