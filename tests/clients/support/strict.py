"""Clients that look at every answer as the API model declares it: SDKs ignore what they do not know, and typed ones fail on it."""

import base64
import json

# Any operation may answer with these; the model leaves them out (API reference, "Common Errors" and "Error Handling").
GENERIC_EXCEPTIONS = {
    "AccessDeniedException", "ExpiredTokenException", "IncompleteSignatureException", "InvalidSignatureException", "MissingAuthenticationTokenException",
    "SerializationException", "ServiceUnavailableException", "UnknownOperationException", "UnrecognizedClientException", "ValidationException",
}


def strict(client):
    """Makes a client fail on answers that its own model does not declare."""
    client.meta.events.register("after-call.*", check_answer)


def check_answer(http_response, model, **_):
    if model.output_shape is None and http_response.status_code == 200:
        assert http_response.content == b"", f"{model.name} answers nothing"
        return
    body = json.loads(http_response.content)
    if http_response.status_code == 200:
        check_structure(model.output_shape, body, model.name)
        return
    kind = body.pop("__type").rpartition("#")[2]
    declared = {shape.name: shape for shape in model.error_shapes}
    assert kind in declared or kind in GENERIC_EXCEPTIONS, f"{model.name} declares no {kind}"
    members = declared[kind].members if kind in declared else {"message": None}
    unknown = {name for name in body if name not in members and name.lower() != "message"}
    assert not unknown, f"{kind} of {model.name} with {unknown}"
    for name, value in body.items():
        if name in members and members[name] is not None:
            check(members[name], value, f"{kind}.{name}")


def check(shape, value, place):
    """The value is one of the shape; null is none of any, as AWS leaves absent members out."""
    CHECKS[shape.type_name](shape, value, place)


def check_structure(shape, value, place):
    assert isinstance(value, dict), f"{place}: {value!r}"
    unknown = set(value) - set(shape.members)
    assert not unknown, f"{place}: unknown members {unknown}"
    missing = set(shape.required_members) - set(value)
    assert not missing, f"{place}: missing members {missing}"
    if shape.name == "AttributeValue" or shape.is_tagged_union:
        assert len(value) == 1, f"{place}: a union with {sorted(value)}"
    for name, member in value.items():
        check(shape.members[name], member, f"{place}.{name}")


def check_list(shape, value, place):
    assert isinstance(value, list), f"{place}: {value!r}"
    for number, element in enumerate(value):
        check(shape.member, element, f"{place}[{number}]")


def check_map(shape, value, place):
    assert isinstance(value, dict), f"{place}: {value!r}"
    for name, element in value.items():
        check(shape.value, element, f"{place}.{name}")


def check_string(shape, value, place):
    assert isinstance(value, str), f"{place}: {value!r}"
    assert not shape.enum or value in shape.enum, f"{place}: {value} is none of {shape.enum}"


def check_blob(_shape, value, place):
    assert isinstance(value, str) and base64.b64encode(base64.b64decode(value, validate=True)).decode() == value, f"{place}: {value!r}"


def check_whole(_shape, value, place):
    assert type(value) is int, f"{place}: {value!r}"


def check_number(_shape, value, place):
    assert type(value) in (int, float), f"{place}: {value!r}"


def check_boolean(_shape, value, place):
    assert type(value) is bool, f"{place}: {value!r}"


CHECKS = {"structure": check_structure, "list": check_list, "map": check_map, "string": check_string, "blob": check_blob,
          "integer": check_whole, "long": check_whole, "double": check_number, "float": check_number, "timestamp": check_number,
          "boolean": check_boolean}
