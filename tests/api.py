"""The public names with their signatures: ``python tests/api.py --write`` writes api.txt anew."""

from __future__ import annotations

import enum
import inspect
import re
import sys
from pathlib import Path

import attrs

SNAPSHOT = Path(__file__).parent / "data/api.txt"
SIMPLE = (bool, int, float, str, bytes, type(None))


def parameters(function):
    """Return the names, kinds and simple defaults of parameters; types are pyright's business."""
    try:
        signature = inspect.signature(function)
    except ValueError:  # what C code does not tell
        return ""
    shown = []
    for each in signature.parameters.values():
        simple = type(each.default) in SIMPLE
        default = each.default if simple or each.default is each.empty else ...
        shown.append(each.replace(annotation=each.empty, default=default))
    bare = signature.replace(parameters=shown, return_annotation=signature.empty)
    return re.sub("Ellipsis", "...", str(bare))


def members(cls):
    """Return a line for each public member that ec2lite itself defines."""
    found = {}
    for base in reversed(cls.__mro__):
        if not base.__module__.startswith("ec2lite"):
            continue
        for name, value in vars(base).items():
            if name.startswith("_"):
                continue
            bound = getattr(cls, name)  # a client's methods are made when they are asked for
            raw = value if isinstance(value, property) else getattr(bound, "__func__", bound)
            found[name] = f".{name}{parameters(raw) if inspect.isfunction(raw) else ''}"
    if attrs.has(cls):
        found |= {each.name: f".{each.name}" for each in attrs.fields(cls) if each.name[0] != "_"}
    return sorted(found.values())


def lines():
    """Return the public names of each module, and what is public in their classes."""
    import ec2lite
    import ec2lite.boto3
    import ec2lite.config
    import ec2lite.telemetry
    import ec2lite.testing

    for module in (ec2lite, ec2lite.boto3, ec2lite.config, ec2lite.telemetry, ec2lite.testing):
        for name in sorted(module.__all__):
            value, called = getattr(module, name), f"{module.__name__}.{name}"
            if not inspect.isclass(value):
                yield called + (parameters(value) if callable(value) else "")
                continue
            makes = issubclass(value, (enum.Enum, BaseException)) or value is ec2lite.Signer
            yield called + ("" if makes else parameters(value))
            yield from (called + each for each in members(value))


def text():
    """Return the whole snapshot."""
    return "\n".join([*lines(), ""])


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        SNAPSHOT.write_text(text(), "utf-8")
    else:
        sys.exit(__doc__)
