"""Values of every type that columns can have, as Python's drivers give and take them."""

import datetime
import decimal
import uuid

UTC = datetime.UTC
Decimal = decimal.Decimal

# (column type, values): what is written is what is read.
COLUMNS = [
    ("smallint", [0, -(2**15), 2**15 - 1]),
    ("integer", [0, -(2**31), 2**31 - 1]),
    ("bigint", [0, -(2**63), 2**63 - 1]),
    ("numeric", [Decimal("0"), Decimal("-1.5"), Decimal("-1234567890123456789012.5"), Decimal("0.0000000000000001")]),
    ("numeric(12,4)", [Decimal("3.1400"), Decimal("-99999999.9999"), Decimal("0.0000")]),
    ("real", [0.0, 0.5, -1.25, 16777216.0]),
    ("double precision", [0.0, 0.1, -1.7976931348623157e100, 5e-100]),
    ("boolean", [True, False]),
    ("text", ["", "x", "grüße 🚀 \\ ' \" %s $1", "line\nline\ttab", "y" * 70_000]),
    ("varchar(10)", ["", "ten signs!", "ä" * 10]),
    ("bytea", [b"", b"\x00\xff\\'\"", bytes(range(256))]),
    ("uuid", [uuid.UUID(int=0), uuid.UUID("12345678-1234-5678-1234-567812345678")]),
    ("date", [datetime.date(2013, 7, 4), datetime.date(1, 1, 1), datetime.date(9999, 12, 31), datetime.date(1999, 12, 31)]),
    ("time", [datetime.time(0, 0), datetime.time(23, 59, 59, 999999), datetime.time(12, 30)]),
    ("timestamp", [datetime.datetime(2013, 7, 4, 12, 30, 0, 250000), datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31, 23, 59, 59, 999999)]),
    ("timestamptz", [datetime.datetime(2013, 7, 4, 12, 30, tzinfo=UTC), datetime.datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC)]),
]
# Documents are written as text or through a wrapper of the driver's own.
DOCUMENTS = [{"a": [1, 2.5, None, True, "ü"], "b": {"c": {}}}, [], [1, [2, [3]]], "text", 7, True]
ARRAYS = [
    ("smallint[]", [1, -2]), ("integer[]", [1, None, 3]), ("bigint[]", [2**62, 0]), ("text[]", ["a", "with, comma", 'and "quotes"', None, ""]),
    ("numeric[]", [Decimal("1.5"), Decimal("-2.25")]), ("double precision[]", [0.5, 0.1]), ("boolean[]", [True, False]),
    ("uuid[]", [uuid.UUID(int=7)]), ("date[]", [datetime.date(2013, 7, 4)]), ("timestamp[]", [datetime.datetime(2013, 7, 4, 1, 2, 3)]),
    ("timestamptz[]", [datetime.datetime(2013, 7, 4, tzinfo=UTC)]), ("bytea[]", [b"\x00", b"ab"]), ("varchar[]", ["x", "yz"]), ("integer[]", []),
]


def ids(cases):
    return [f"{kind}-{number}" for number, (kind, _) in enumerate(cases)]
