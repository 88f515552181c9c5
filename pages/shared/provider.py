"""The identity provider that `.streamlit/secrets.toml` configures for Streamlit's own sign-in ([auth]), if any.

Streamlit does the OpenID Connect dance and signs its cookie; the tower takes issuer and subject from it, and keeps a
sign-in of its own for it, because that cookie lives for 30 days and cannot be revoked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.auth_util import encode_provider_token, get_cookie_with_chunks, validate_auth_credentials
from streamlit.errors import StreamlitAuthError
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value

from domain.vocabulary.errors import DomainError

COOKIE = "_streamlit_user"
DEFAULT = "default"


class StreamlitProvider:
    """The providers of the [auth] section: the default one, or several by name."""

    def names(self) -> list[str]:
        """Return the names of the providers."""
        section = _section()
        named = [name for name, value in section.items() if isinstance(value, Mapping)]
        return [*([DEFAULT] if "client_id" in section else []), *named]

    def links(self) -> list[tuple[str, str]]:
        """Return a labelled address per provider that begins the sign-in there."""
        return [
            (_label(name), f"/auth/login?provider={encode_provider_token(name)}") for name in self.names()
        ]

    def claims(self, cookies: Mapping[str, str]) -> tuple[str, str] | None:
        """Return (issuer, subject) where the cookie's signature is right and a provider is configured."""
        if not self.names():
            return None
        secret = get_cookie_secret()

        def one(name: str) -> bytes | None:
            kept = cookies.get(name)
            return decode_signed_value(secret, name, kept.encode("latin-1")) if kept else None

        signed = get_cookie_with_chunks(one, COOKIE)
        told = json.loads(signed) if signed else {}
        issuer, subject = told.get("iss"), told.get("sub")
        return (str(issuer), str(subject)) if told.get("is_logged_in") and issuer and subject else None

    def check(self) -> None:
        """Raise DomainError server.auth_incomplete where [auth] is there but lacks what a sign-in needs."""
        try:
            for name in self.names() or ([DEFAULT] if _section() else []):
                validate_auth_credentials(name)
        except StreamlitAuthError as error:
            raise DomainError(
                "server.auth_incomplete",
                f"The [auth] section of .streamlit/secrets.toml cannot be used: {' '.join(str(error).split())}",
                fix="Complete it, or take it away to sign in by passwords of the tower alone.",
            ) from None


def _section() -> Mapping[str, Any]:
    # Streamlit reads its configuration for this, so it is asked only where there is a file.
    if not any((place / ".streamlit" / "secrets.toml").is_file() for place in (Path.cwd(), Path.home())):
        return {}
    if not st.secrets.load_if_toml_exists():
        return {}
    found: Mapping[str, Any] = st.secrets.get("auth") or {}
    return found


def _label(name: str) -> str:
    return "Sign in with your company account" if name == DEFAULT else f"Sign in with {name.capitalize()}"
