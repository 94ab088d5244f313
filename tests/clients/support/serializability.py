"""Checks a history of transactions on lists for strict serializability, after the idea of Elle (Kingsbury and Alvaro, 2020).

Every appended value is unique, so that a list which somebody read tells in which order transactions wrote it. That gives three kinds of
dependencies between transactions (who overwrote whom, who read from whom, who read what was overwritten later), and real time gives a
fourth (who was answered before whom began). If they form a cycle, no order of the transactions explains what everybody saw.
"""

import collections
import dataclasses


@dataclasses.dataclass
class Transaction:
    """What one transaction did: `reads` are (key, list) as it found them before its own appends, `appends` are (key, value)."""

    begun: float
    reads: list = dataclasses.field(default_factory=list)
    appends: list = dataclasses.field(default_factory=list)
    ended: float | None = None
    committed: bool = False


def anomalies(transactions, final):
    """What cannot be, as sentences. `final` are the lists at the end, by key; nothing was under way then."""
    committed = [transaction for transaction in transactions if transaction.committed]
    found = []
    writer = {}
    for number, transaction in enumerate(committed):
        for key, value in transaction.appends:
            writer[key, value] = number
    position = {(key, value): at for key, values in final.items() for at, value in enumerate(values)}
    for key, values in final.items():
        found += [f"{value} of key {key} was appended by nobody who committed" for value in values if (key, value) not in writer]
        if len(set(values)) != len(values):
            found.append(f"key {key} holds a value twice: {values}")
    found += [f"the append of {value} to key {key} is lost" for key, value in writer if (key, value) not in position]
    for transaction in committed:
        for key, values in transaction.reads:
            if values != final.get(key, [])[: len(values)]:
                found.append(f"{values} of key {key} is no beginning of {final.get(key, [])}")
    if found:
        return found
    cycle = find_cycle(dependencies(committed, writer, final))
    if cycle:
        steps = [f"{why} -> {committed[number]}" for number, why in cycle]
        found.append("a cycle: " + "; ".join(steps))
    return found


def dependencies(committed, writer, final):
    """(target, reason) by source: the source comes before the target."""
    edges = collections.defaultdict(dict)

    def before(source, target, why):
        if source != target:
            edges[source].setdefault(target, why)

    for key, values in final.items():
        for earlier, later in zip(values, values[1:]):
            before(writer[key, earlier], writer[key, later], f"write {later} behind {earlier} on {key}")
    for number, transaction in enumerate(committed):
        for key, values in transaction.reads:
            if values:
                before(writer[key, values[-1]], number, f"read {values[-1]} on {key}")
            if len(values) < len(final.get(key, [])):
                overwritten = final[key][len(values)]
                before(number, writer[key, overwritten], f"write {overwritten} behind what was read on {key}")
    real_time(committed, before)
    return edges


def real_time(committed, before):
    """Only the latest to end before each begins, and those that none of them began after: the others follow."""
    by_end = sorted(range(len(committed)), key=lambda number: committed[number].ended)
    for number, transaction in enumerate(committed):
        earlier = [other for other in by_end if committed[other].ended < transaction.begun]
        if earlier:
            last_begun = max(committed[other].begun for other in earlier)
            for other in earlier:
                if committed[other].ended >= last_begun:
                    before(other, number, "began when that was answered")


def find_cycle(edges):
    """A cycle as (transaction, reason of the step to it), or nothing. Without recursion: histories are long."""
    state = {}
    for root in list(edges):
        if root in state:
            continue
        path = [(root, "")]
        rest = [iter(edges[root].items())]
        state[root] = "open"
        while path:
            for target, why in rest[-1]:
                if state.get(target) == "open":
                    start = next(at for at, (number, _) in enumerate(path) if number == target)
                    return [*path[start + 1 :], (target, why)]
                if target not in state:
                    state[target] = "open"
                    path.append((target, why))
                    rest.append(iter(edges.get(target, {}).items()))
                    break
            else:
                state[path.pop()[0]] = "done"
                rest.pop()
    return []
