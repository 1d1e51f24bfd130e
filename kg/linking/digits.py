"""Identifiers of other schemes: their form, and their check digits where they have them."""

from __future__ import annotations

import re
from collections.abc import Callable

#: Crockford's base 32, which ROR uses.
_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


def mod_11_2(digits: str) -> bool:
    """Return whether ISO 7064 MOD 11-2 holds (ISNI, ORCID): 16 characters, the last may be X."""
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return digits[-1] == ("X" if check == 10 else str(check))


def mod_97(code: str) -> bool:
    """Return whether ISO 7064 MOD 97-10 holds (LEI, ISO 17442)."""
    return int("".join(str(int(c, 36)) for c in code)) % 97 == 1


def luhn(code: str) -> bool:
    """Return whether the check digit of an ISIN holds (ISO 6166): letters become two digits."""
    digits = [int(d) for c in code for d in str(int(c, 36))]
    doubled = [d if i % 2 == 0 else sum(divmod(d * 2, 10)) for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def ror(local: str) -> bool:
    """Return whether the checksum of a ROR id holds (ROR: 98 minus the rest of n times 100 by 97)."""
    number = 0
    for char in local[:-2]:
        number = number * 32 + _CROCKFORD.index(char)
    return f"{98 - (number * 100) % 97:02d}" == local[-2:]


#: Divisions that ISIC Rev.4 leaves out.
_NO_DIVISION = "00|04|34|40|44|48|54|57|67|76|83|89"
#: Form of an identifier by scheme, what it is called, and its check, if it has one.
SCHEMES: dict[str, tuple[str, str, Callable[[str], bool] | None]] = {
    "wd": (r"Q[1-9]\d*", "a Wikidata item (Q and digits)", None),
    "ror": (rf"0[{_CROCKFORD}]{{6}}\d\d", "a ROR id (0, six characters, two digits)", ror),
    "grid": (r"grid\.\d+\.[0-9a-f]{1,2}", "a GRID id (grid.NNNN.x)", None),
    "isni": (r"\d{15}[\dX]", "an ISNI (16 digits, the last may be X)", mod_11_2),
    "orcid": (r"(\d{4}-){3}\d{3}[\dX]", "an ORCID iD (0000-0000-0000-0000)", mod_11_2),
    "lei": (r"[A-Z0-9]{18}\d\d", "a LEI (18 characters, two digits)", mod_97),
    "isin": (r"[A-Z]{2}[A-Z0-9]{9}\d", "an ISIN (two letters, nine characters, a digit)", luhn),
    "fundref": (r"\d{9,12}", "a funder number (9 to 12 digits)", None),
    "stw": (r"\d{5}-\d", "an STW descriptor (five digits, a dash, a digit)", None),
    "isic4": (rf"[A-U]|(?!{_NO_DIVISION})\d{{2,4}}", "a code of ISIC Rev.4", None),
    "dbr": (r"[^\s<>\"{}|^`\\]+", "the name of a DBpedia resource", None),
    "doi": (r"10\.\d{4,9}/\S+", "a DOI (10.NNNN/...)", None),
}


def wrong(scheme: str, local: str) -> str:
    """Return what is wrong with an identifier, "" when nothing is or the scheme is not known."""
    if scheme not in SCHEMES:
        return ""
    pattern, name, check = SCHEMES[scheme]
    if not re.fullmatch(pattern, local):
        return f"'{local}' is not {name}."
    if check is not None and not check(local.replace("-", "")):
        return f"The check digits of '{local}' do not hold: it is not {name}."
    return ""
