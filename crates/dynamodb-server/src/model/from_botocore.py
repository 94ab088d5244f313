#!/usr/bin/env python3
"""Writes requests.txt: what the API model declares of requests.

    pip install 'botocore>=1.44'; ./from_botocore.py > requests.txt

Its lines are read by ../model.rs, which says what they mean.
"""

import gzip
import json
import pathlib

import botocore

SERVICES = ["dynamodb", "dynamodbstreams"]
# The order of the words in the service's messages, where it is known and another one than the model's.
ORDERS = {
    "AttributeAction": ["ADD", "DELETE", "PUT"],
    "ComparisonOperator": ["IN", "NULL", "BETWEEN", "LT", "NOT_CONTAINS", "EQ", "GT", "NOT_NULL", "NE", "LE", "BEGINS_WITH", "GE", "CONTAINS"],
    "ConditionalOperator": ["OR", "AND"],
    "ProjectionType": ["ALL", "INCLUDE", "KEYS_ONLY"],
    "ReturnValue": ["ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"],
    "ScalarAttributeType": ["B", "N", "S"],
    "Select": ["SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"],
}


def load(service):
    path = pathlib.Path(botocore.__file__).parent / "data" / service / "2012-08-10" / "service-2.json.gz"
    return json.loads(gzip.open(path).read())


def bounds(shape):
    if "min" not in shape and "max" not in shape:
        return ""
    return f" {shape.get('min', '')}..{shape.get('max', '')}"


def line(name, shape):
    kind = shape["type"]
    if kind == "structure":
        required = shape.get("required", [])
        members = [f"  {member}{'!' if member in required else ''} {of['shape']}" for member, of in shape["members"].items()]
        return "\n".join([f"structure {name}", *members])
    if kind == "list":
        return f"list {name} {shape['member']['shape']}{bounds(shape)}"
    if kind == "map":
        return f"map {name} {shape['key']['shape']} {shape['value']['shape']}{bounds(shape)}"
    words = ORDERS.get(name, shape.get("enum", []))
    assert sorted(words) == sorted(shape.get("enum", [])), name
    enumeration = f" {'|'.join(words)}" if words else ""
    # A pattern is the rest of its line: it may hold blanks.
    pattern = f" /{shape['pattern']}" if "pattern" in shape else ""
    return f"{kind} {name}{bounds(shape)}{enumeration}{pattern}"


def parts(shape):
    if shape["type"] == "structure":
        return [member["shape"] for member in shape["members"].values()]
    if shape["type"] == "list":
        return [shape["member"]["shape"]]
    if shape["type"] == "map":
        return [shape["key"]["shape"], shape["value"]["shape"]]
    return []


def main():
    print(f"# Written by from_botocore.py from the API models of botocore {botocore.__version__} (Apache License 2.0).")
    shapes = {}
    for service in SERVICES:
        model = load(service)
        for name, operation in sorted(model["operations"].items()):
            errors = " ".join(error["shape"] for error in operation.get("errors", []))
            print(f"operation {name} {operation['input']['shape']} {errors}".rstrip())
        found = [operation["input"]["shape"] for operation in model["operations"].values()]
        while found:
            name = found.pop()
            # The values of attributes are read by their own rules.
            if name in shapes or name == "AttributeValue":
                continue
            shapes[name] = model["shapes"][name]
            found += parts(shapes[name])
    for name, shape in sorted(shapes.items()):
        print(line(name, shape))


if __name__ == "__main__":
    main()
