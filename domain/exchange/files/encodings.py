"""Bytes to text: what is certain is taken, cp1252 is taken with a note, the rest is asked."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from domain.vocabulary.tabular import FileNote, FileRefused

# The four-byte marks come first: the mark of UTF-32 LE begins with that of UTF-16 LE.
BYTE_ORDER_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
SAMPLE = 65_536
# One stray zero byte in a short file is damage, not UTF-16.
FEWEST_ZEROS = 6
EAST_ASIAN = {"cp932", "shift_jis", "shift_jis_2004", "shift_jisx0213", "euc_jp", "euc_jis_2004", "gb18030",
              "gb2312", "gbk", "big5", "big5hkscs", "euc_kr", "cp949", "johab", "iso2022_jp"}  # fmt: skip
CONTROL_Z = "\x1a"


def decode(raw: bytes, *, name: str, stated: str | None) -> tuple[str, str, list[FileNote]]:
    """The text of the file, the encoding in force ("utf-8 with byte-order mark", …) and notes.

    A stated encoding is obeyed or refused. Otherwise: byte-order mark, UTF-16 by the place of its zero
    bytes, UTF-8 strictly, cp1252 with a note; East Asian text that is none of these is asked for.
    """
    notes: list[FileNote] = []
    marked = next(((mark, found) for mark, found in BYTE_ORDER_MARKS if raw.startswith(mark)), None)
    if marked and stated and _canonical(stated) not in _names_of_mark(marked[1]):
        raise FileRefused(
            "file.encoding_wrong",
            f"{name} begins with the byte-order mark of {marked[1]}, but the encoding {stated} was stated.",
            fix=f"Leave the encoding out or state {marked[1]}.",
            file=name,
            value=stated,
        )
    if marked:
        text = _strict(raw[len(marked[0]) :], marked[1], name)
        label = f"{marked[1]} with byte-order mark"
    elif stated:
        text, label = _strict(raw, _known(stated, name), name), _canonical(stated)
        notes += _doubt(raw, label)
    else:
        text, label, notes = _found(raw, name)
    text, more = _without_control_z(text)
    _refuse_zero_bytes(text, name)
    return text, label, notes + more


def row_at(text: str, position: int) -> int:
    """The line, 1-based, in which a position of the text stands; CR, LF and CRLF all end a line."""
    before = text[:position]
    return before.count("\n") + before.count("\r") - before.count("\r\n") + 1


def _canonical(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return encoding.lower()


def _names_of_mark(found: str) -> set[str]:
    return {found, found.removesuffix("-le").removesuffix("-be"), "utf-8-sig" if found == "utf-8" else found}


def _known(stated: str, name: str) -> str:
    try:
        info = codecs.lookup(stated)
    except LookupError:
        info = None
    if info is None or not getattr(info, "_is_text_encoding", True):
        raise FileRefused(
            "file.encoding_unknown",
            f"{name}: there is no text encoding called {stated!r}.",
            fix="Use a name such as utf-8, utf-16, cp1252 or shift_jis.",
            file=name,
            value=stated,
        )
    return info.name


def _strict(raw: bytes, encoding: str, name: str) -> str:
    try:
        return raw.decode(encoding, "strict")
    except UnicodeDecodeError as broken:
        good = raw[: broken.start].decode(encoding, "ignore")
        row = row_at(good, len(good))
        culprit = raw[broken.start : broken.start + 4].hex(" ")
        raise FileRefused(
            "file.encoding_wrong",
            f"{name} row {row}: the bytes {culprit} are not {encoding}.",
            fix="State the encoding the file was written in, or export it again as UTF-8.",
            file=name,
            row=row,
            value=culprit,
        ) from None


def _found(raw: bytes, name: str) -> tuple[str, str, list[FileNote]]:
    wide = _utf16_without_mark(raw[:SAMPLE])
    if wide:
        return _strict(raw, wide, name), wide, []
    try:
        return raw.decode("utf-8"), "utf-8", []
    except UnicodeDecodeError as broken:
        place = broken.start
    guess = _east_asian_guess(raw)
    if guess:
        raise FileRefused(
            "file.encoding_unclear",
            f"{name} is not UTF-8 and looks like {guess}, which cannot be known for certain.",
            fix=f"Say which encoding it is, for example --encoding {guess}.",
            file=name,
            value=guess,
        )
    try:
        text = raw.decode("cp1252")
    except UnicodeDecodeError:
        raise FileRefused(
            "file.encoding_unclear",
            f"{name} is neither UTF-8, UTF-16 nor cp1252 (Windows Western).",
            fix="Say which encoding it is (--encoding), or export it again as UTF-8.",
            file=name,
        ) from None
    row = row_at(text, place)
    sample = " ".join(text[max(0, place - 12) : place + 13].split())
    note = FileNote(
        "encoding_assumed", row, f"Not UTF-8; read as cp1252 (Windows Western): row {row} “{sample}”."
    )
    return text, "cp1252", [note]


def _utf16_without_mark(sample: bytes) -> str | None:
    """UTF-16 shows by its zero bytes: digits, delimiters and line ends have one on always the same side."""
    pairs = len(sample) // 2
    for label, zeros, ends in (
        ("utf-16-le", sample[1::2].count(0), (b"\n\0", b"\r\0")),
        ("utf-16-be", sample[0::2].count(0), (b"\0\n", b"\0\r")),
    ):
        opposite = sample.count(0) - zeros
        aligned = any(sample.find(end) % 2 == 0 for end in ends if end in sample)
        enough = zeros * 7 >= pairs if zeros >= FEWEST_ZEROS else zeros * 2 >= pairs
        if aligned and enough and opposite * 10 <= zeros:
            return label
    return None


def _east_asian_guess(raw: bytes) -> str | None:
    """An East Asian encoding when the telling bytes look like one more than like Western text."""
    telling = b"\n".join(line for line in re.split(rb"[\r\n]+", raw[: SAMPLE * 4]) if not line.isascii())[
        :16_384
    ]
    high = sum(byte >= 0x80 for byte in telling)
    # Western text has single accented letters between plain ones; East Asian text has long runs.
    runs = sum(len(run) for run in re.findall(rb"(?:[\x81-\xfe][\x40-\xfe]){3,}", telling))
    if high < 8 or runs < high:
        return None
    best = from_bytes(telling).best()
    return best.encoding if best and best.encoding in EAST_ASIAN else None


def _doubt(raw: bytes, label: str) -> list[FileNote]:
    if label.startswith(("utf", "ascii")) or raw.isascii():
        return []
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return []
    return [
        FileNote("encoding_doubtful", None, f"Read as {label} as stated, but every byte also fits UTF-8.")
    ]


def _without_control_z(text: str) -> tuple[str, list[FileNote]]:
    if not text[-4:].rstrip("\r\n").endswith(CONTROL_Z):
        return text, []
    cut = text.rstrip("\r\n" + CONTROL_Z)
    ending = text[len(cut) :].replace(CONTROL_Z, "")
    return cut + ending, [
        FileNote("end_mark_removed", row_at(text, text.rfind(CONTROL_Z)), "End-of-file mark 0x1A removed.")
    ]


def _refuse_zero_bytes(text: str, name: str) -> None:
    place = text.find("\0")
    if place < 0:
        return
    row = row_at(text, place)
    raise FileRefused(
        "file.zero_byte",
        f"{name} row {row} holds a zero byte, which text never does.",
        fix="The file is damaged or not a text file: export it again.",
        file=name,
        row=row,
        value="\\x00",
    )
