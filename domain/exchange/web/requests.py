"""What a request tells about itself: own origin, own paths, loopback, form fields, token."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import parse_qs, quote, unquote, urlsplit

from starlette.requests import HTTPConnection, Request

from domain.vocabulary.errors import Denied, DomainError

COOKIE = "tower_session"
NEXT_COOKIE = "tower_next"
NEXT_SECONDS = 600
"""How long the address asked for is kept while somebody signs in at the identity provider."""
PROVIDER_COOKIE = "_streamlit_user"
PROVIDER_PREFIX = "provider:"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")
MOST_FORM_BYTES = 16_384
OWN_PAGES = ("/sign-in", "/sign-out", "/password")


def token(cookies: Mapping[str, str]) -> str | None:
    """Return the token that a browser shows: the tower's own cookie, else the identity provider's as a whole."""
    own = cookies.get(COOKIE)
    return own or provider_token(cookies)


def provider_token(cookies: Mapping[str, str]) -> str | None:
    """Return the identity provider's cookie, all its parts, as a token; None without one."""
    names = [PROVIDER_COOKIE, *(f"{PROVIDER_COOKIE}_{i}" for i in range(1, 20))]
    parts = [cookies[name] for name in names if cookies.get(name)]
    return PROVIDER_PREFIX + ".".join(parts) if parts else None


def own_path(wanted: str | None) -> str:
    """Return where to go on after the sign-in: `wanted` where it is a path of this server, else the home page."""
    text = wanted or "/"
    if not text.startswith("/") or text[1:2] in ("/", "\\") or any(ord(c) < 33 or c == "\\" for c in text):
        return "/"
    parts = urlsplit(text)
    if parts.scheme or parts.netloc or parts.path in OWN_PAGES:
        return "/"
    return text


def kept_path(cookies: Mapping[str, str]) -> str:
    """Return the address that was asked for before the way through the identity provider; the home page without one."""
    return own_path(unquote(cookies.get(NEXT_COOKIE, "")))


def quoted(path: str) -> str:
    """Return a path as the value of a query parameter."""
    return quote(path, safe="")


def want_same_origin(request: Request, public_url: str) -> None:
    """Raise Denied request.other_site for a form that another site sent (CSRF).

    Browsers say so in Sec-Fetch-Site; older ones send Origin with each POST. Without both nothing is taken.
    """
    fetched_from = request.headers.get("sec-fetch-site")
    if fetched_from is not None:
        same = fetched_from == "same-origin"
    else:
        origin = urlsplit(request.headers.get("origin", ""))
        same = bool(origin.netloc) and origin.netloc in {
            request.headers.get("host", ""),
            urlsplit(public_url).netloc,
        }
    if not same:
        raise Denied(
            "request.other_site",
            "This form was sent by another site.",
            fix="Open the sign-in page and try there.",
        )


def from_this_machine(connection: HTTPConnection) -> bool:
    """Return whether a browser on this machine asks, for a name of this machine, with no proxy between."""
    client = connection.client.host if connection.client else ""
    try:
        near = ip_address(client).is_loopback
    except ValueError:
        near = False
    asked = urlsplit(f"//{connection.headers.get('host', '')}").hostname or ""
    return near and asked in LOOPBACK and not any(name in connection.headers for name in FORWARDED)


async def fields(request: Request) -> dict[str, str]:
    """Return a form's fields, the first value of each; raise DomainError request.form for what is no small form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_FORM_BYTES:
            break
    try:
        if kind != "application/x-www-form-urlencoded" or len(body) > MOST_FORM_BYTES:
            raise ValueError
        found = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError:
        raise DomainError(
            "request.form", "The form could not be read.", fix="Load the page again and send it once more."
        ) from None
    return {name: values[0] for name, values in found.items()}
