"""What writers did and were told, and what may therefore be found after a crash.

A register has one writer, so that its state is known exactly but for the one operation that was under way. A counter has many;
it lies between the acknowledged increments and those plus the increments that were under way.
"""

import collections
import random
import threading

REMEMBERED_OPERATIONS = 12


class Violation(AssertionError):
    """The server broke its word."""


def body(key, seq):
    """What version `seq` of a key holds: mostly short, now and then long enough for a write to span many disk pages."""
    chance = random.Random(f"{key}/{seq}")
    length = chance.randrange(20, 400) if chance.random() < 0.9 else chance.randrange(4_000, 60_000)
    text = f"{key}:{seq};"
    return (text * (length // len(text) + 1))[:length]


def version_of(key, row):
    """The version that a row (seq, twin, body) is; half of one version and half of another is none."""
    seq, twin, text = row
    if twin != -seq or text != body(key, seq):
        raise Violation(f"{key} holds pieces of different writes: seq {seq}, twin {twin}, body of {len(text)}: {text[:60]!r}…")
    return seq


class Register:
    """One or more keys that are only ever written together. Its state is a version number, or None: absent."""

    def __init__(self, keys):
        self.keys = keys
        self.state = None
        self.under_way = False
        self.target = None
        self.versions = 0
        self.log = collections.deque(maxlen=REMEMBERED_OPERATIONS)

    def next_version(self):
        self.versions += 1
        return self.versions

    def begin(self, what, target):
        self.target, self.under_way = target, True
        self.log.append([what, f"{self.state} -> {target}", "unknown"])

    def acknowledge(self):
        self.state, self.under_way = self.target, False
        self.log[-1][2] = "acknowledged"

    def settle(self, rows, when):
        """Checks what was found (key -> row) and takes it as the state. Says whether an unknown operation turned out done."""
        found = {version_of(key, rows[key]) if key in rows else None for key in self.keys}
        if len(found) > 1:
            raise Violation(f"{when}: written together but found apart: { {key: rows.get(key, ('absent',))[0] for key in self.keys} }\n{self}")
        [version] = found
        allowed = {self.state, self.target} if self.under_way else {self.state}
        if version not in allowed:
            raise Violation(f"{when}: found version {version}, allowed {allowed}\n{self}")
        done = self.under_way and version == self.target
        if self.under_way:
            self.log[-1][2] = f"found {'done' if done else 'not done'}, {when}"
        self.state, self.under_way = version, False
        return done

    def __str__(self):
        lines = [f"register {self.keys}, last operations:", *(f"  {what}: {change}: {end}" for what, change, end in self.log)]
        return "\n".join(lines)


class Counter:
    """Incremented by many writers."""

    def __init__(self, key):
        self.key = key
        self.lock = threading.Lock()
        self.acknowledged = 0
        self.under_way = 0
        self.told = {}

    def begin(self):
        with self.lock:
            self.under_way += 1

    def acknowledge(self, value, who):
        """The server said that this increment made the counter `value`."""
        with self.lock:
            self.under_way -= 1
            self.acknowledged += 1
            if value in self.told:
                raise Violation(f"counter {self.key}: {who} and {self.told[value]} were both told {value}: an increment is lost")
            self.told[value] = who

    def refused(self):
        """The condition did not hold: certainly not done."""
        with self.lock:
            self.under_way -= 1

    def settle(self, found, when):
        """Says how many unknown increments turned out done."""
        low, high = self.acknowledged, self.acknowledged + self.under_way
        if not low <= found <= high:
            raise Violation(f"{when}: counter {self.key} is {found}; acknowledged {low}, under way {self.under_way}")
        if self.told and found < max(self.told):
            raise Violation(f"{when}: counter {self.key} is {found}, but {self.told[max(self.told)]} was told {max(self.told)}")
        done, self.acknowledged, self.under_way = found - low, found, 0
        return done
