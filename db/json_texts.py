"""JSON texts without idle blanks, by an encoder that is made once: the library's own makes one anew for each text."""

from __future__ import annotations

import json
import json.encoder
from collections.abc import Callable
from typing import Any


def encoder(*, sort_keys: bool) -> Callable[[Any], str]:
    """Return what writes a value as JSON text; what JSON does not know is written as its own text."""
    plain = json.JSONEncoder(ensure_ascii=False, sort_keys=sort_keys, separators=(",", ":"), default=str)
    make = getattr(json.encoder, "c_make_encoder", None)
    text_of = getattr(json.encoder, "encode_basestring", None)
    if make is None or text_of is None:  # an interpreter without the compiled encoder
        return plain.encode
    quick = make(None, str, text_of, None, ":", ",", sort_keys, False, True)
    join = "".join

    def encode(value: Any) -> str:
        return join(quick(value, 0))

    return encode


json_text = encoder(sort_keys=True)
"""The same text for the same content: keys are sorted."""

answer_text = encoder(sort_keys=False)
"""The text of an answer, in its own order."""
