"""Who may submit and accept cases: a file of tokens, of which only hashes are kept.

One line a token: name, sha256 of the token, ORCID, role (`submit` or `accept`), parted by blanks
or tabs; `#` begins a comment. `catchup cases --new-token NAME` prints such a line.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from catchup.kg.errors import CannotRun, CatchupError

ORCID = re.compile(r"([0-9]{4}-){3}[0-9]{3}[0-9X]\Z")
HASH = re.compile(r"[0-9a-f]{64}\Z")
ROLES = ("submit", "accept")


class WritingIsOff(CatchupError):
    """No tokens are configured."""

    title = "Cases cannot be stored here"
    kind = "writing-off"
    status = 403


class Unauthorised(CatchupError):
    """No token was given, or one that is not known."""

    title = "Who are you?"
    kind = "unauthorised"
    status = 401


class Forbidden(CatchupError):
    """The token does not allow this."""

    title = "This is not allowed to you"
    kind = "forbidden"
    status = 403


@dataclass(frozen=True)
class Holder:
    """Someone who may submit, or accept, cases."""

    name: str
    orcid: str
    role: str

    @property
    def may_accept(self) -> bool:
        """Whether what this holder stores becomes part of the graph."""
        return self.role == "accept"


def read_tokens(path: Path) -> dict[str, Holder]:
    """Return the holders by the sha256 of their tokens. Raises CannotRun for a wrong file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CannotRun(f"The tokens cannot be read: {error}.") from None
    found = {}
    for number, line in enumerate(lines, 1):
        parts = line.split("#")[0].split()
        if not parts:
            continue
        if len(parts) != 4 or not HASH.match(parts[1]) or parts[3] not in ROLES:
            raise CannotRun(
                f"{path}:{number} is no token.",
                remedy="Write: name, sha256 of the token, ORCID, and submit or accept.",
            )
        if not ORCID.match(parts[2]) or not _orcid_holds(parts[2]):
            raise CannotRun(f"{path}:{number}: '{parts[2]}' is no ORCID.")
        found[parts[1]] = Holder(parts[0], parts[2], parts[3])
    return found


def authenticate(path: Path | None, authorization: str) -> Holder:
    """Return the holder of the bearer token in the header `authorization`.

    Raises WritingIsOff without a file of tokens, Unauthorised for a missing or unknown token.
    """
    if path is None:
        raise WritingIsOff(
            "Storing cases is switched off.", remedy="Configure a file of tokens (CATCHUP_TOKENS)."
        )
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorised(
            "Storing a case needs a token.", remedy="Send the header 'Authorization: Bearer TOKEN'."
        )
    given = hashlib.sha256(token.strip().encode()).hexdigest()
    holder = None
    for known, candidate in read_tokens(path).items():
        # Every line is compared, each in constant time, so that timing tells nothing.
        if hmac.compare_digest(given, known):
            holder = candidate
    if holder is None:
        raise Unauthorised(
            "The token is not known.", remedy="Ask the keeper of this server for one."
        )
    return holder


def new_token(name: str, orcid: str, role: str) -> tuple[str, str]:
    """Return a new token, and the line for the file of tokens that makes it valid."""
    token = secrets.token_urlsafe(32)
    return token, f"{name} {hashlib.sha256(token.encode()).hexdigest()} {orcid} {role}"


def _orcid_holds(orcid: str) -> bool:
    """Tell whether the check digit is right (ISO 7064 11,2)."""
    total = 0
    digits = orcid.replace("-", "")
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    rest = (12 - total % 11) % 11
    return digits[-1] == ("X" if rest == 10 else str(rest))
