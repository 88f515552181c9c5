"""Columns of a run as one compressed text of bytes, and back: what `bop_snapshot` keeps."""

from __future__ import annotations

import json
import struct
import types
from collections import abc
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any, TypeVar, get_type_hints

import numpy as np
import pyarrow as pa
from pydantic import BaseModel

CODEC = "zstd"
T = TypeVar("T")


def pack(values: Mapping[str, Any]) -> bytes:
    """Return arrays, texts and numbers by name as compressed bytes; arrays of text are kept as lists."""
    head: dict[str, Any] = {}
    parts: list[bytes] = []
    for name, value in values.items():
        if isinstance(value, np.ndarray) and value.dtype.kind in "iub":
            kept = np.ascontiguousarray(value)
            head[name] = {"dtype": kept.dtype.str, "shape": kept.shape}
            parts.append(kept.tobytes())
        else:
            head[name] = {"value": value.tolist() if isinstance(value, np.ndarray) else value}
    told = json.dumps(head, separators=(",", ":")).encode()
    raw = struct.pack("<q", len(told)) + told + b"".join(parts)
    squeezed: bytes = pa.compress(raw, codec=CODEC, asbytes=True)
    return struct.pack("<q", len(raw)) + squeezed


def unpack(packed: bytes) -> dict[str, Any]:
    """Return what `pack` was given; texts come back as lists in object arrays."""
    (size,) = struct.unpack_from("<q", packed)
    raw = pa.decompress(packed[8:], decompressed_size=size, codec=CODEC, asbytes=True)
    (length,) = struct.unpack_from("<q", raw)
    head = json.loads(raw[8 : 8 + length])
    place = 8 + length
    found: dict[str, Any] = {}
    for name, told in head.items():
        if "dtype" not in told:
            value = told["value"]
            found[name] = np.array(value, dtype=object) if isinstance(value, list) else value
            continue
        kind = np.dtype(told["dtype"])
        count = int(np.prod(told["shape"], dtype=np.int64))
        found[name] = np.frombuffer(raw, kind, count, place).reshape(told["shape"])
        place += count * kind.itemsize
    return found


def flatten(owner: Any, before: str = "") -> dict[str, Any]:
    """Return the fields of a dataclass of arrays, texts and numbers, those of inner ones by "outer.inner"."""
    found: dict[str, Any] = {}
    for each in fields(owner):
        value, name = getattr(owner, each.name), f"{before}{each.name}"
        if is_dataclass(value):
            found |= flatten(value, f"{name}.")
        elif isinstance(value, BaseModel):
            found[name] = value.model_dump_json()
        elif isinstance(value, date):
            found[name] = value.isoformat()
        elif isinstance(value, tuple):
            found[name] = list(value)
        elif isinstance(value, Mapping):
            found[name] = json.dumps({str(key): told for key, told in value.items()})
        else:
            found[name] = value
    return found


def rebuild(kind: type[T], values: Mapping[str, Any], before: str = "") -> T:
    """Return the dataclass that `flatten` took apart."""
    hints = get_type_hints(kind)
    given: dict[str, Any] = {}
    for each in fields(kind):  # type: ignore[arg-type]
        hint, name = hints[each.name], f"{before}{each.name}"
        if is_dataclass(hint):
            given[each.name] = rebuild(hint, values, f"{name}.")  # type: ignore[arg-type]
        elif (
            isinstance(hint, type)
            and not isinstance(hint, types.GenericAlias)
            and issubclass(hint, BaseModel)
        ):
            given[each.name] = hint.model_validate_json(values[name])
        elif hint is date:
            given[each.name] = date.fromisoformat(values[name])
        elif getattr(hint, "__origin__", None) is tuple:
            given[each.name] = tuple(values[name])
        elif getattr(hint, "__origin__", None) is abc.Mapping:
            given[each.name] = {int(key): told for key, told in json.loads(values[name]).items()}
        elif name in values:
            given[each.name] = values[name]
    return kind(**given)
