"""Periods and figures in words, in the language of the page, losing nothing of what is on record."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from catchup.kg.names import CUV
from catchup.server.pages.facts import Facts, Names

#: How large numbers are said: (from, divisor, word) in each language.
_LARGE = {
    "en": (("1e9", "1e9", " billion"), ("1e6", "1e6", " million")),
    "zh": (("1e8", "1e8", "亿"), ("1e6", "1e4", "万")),
}
#: UN/CEFACT codes as readers know them; C62 is a plain number.
_UNITS = {
    "en": {"P1": "%", "KMT": " km", "ANN": " years", "IE": " people", "C62": ""},
    "zh": {"P1": "%", "KMT": " 公里", "ANN": " 年", "IE": " 人", "C62": ""},
}


def period_text(facts: Facts, names: Names, period: str, lang: str) -> str:
    """Return a period: years, months or quarter, its qualifier, its length."""
    start, end = facts.number(period, "startYear"), facts.number(period, "endYear")
    first, last = facts.number(period, "startMonth"), facts.number(period, "endMonth")
    quarter = facts.number(period, "quarter")
    begin, finish = _month(start, first), _month(end, last)
    after, before = facts.number(period, "notBeforeYear"), facts.number(period, "notAfterYear")
    qualifiers = facts.iris(period, "qualifier")
    if quarter:
        shown = f"{start or end} Q{quarter}"
    elif begin and finish:
        shown = begin if begin == finish else f"{begin}–{finish}"
    elif begin:
        shown = f"{begin}–"
    elif finish:
        shown = f"至 {finish}" if lang == "zh" else f"until {finish}"
    elif after and before:
        shown = f"{after} 至 {before} 年间" if lang == "zh" else f"within {after}–{before}"
    elif after:
        shown = f"{after} 年或之后" if lang == "zh" else f"{after} or later"
    elif before:
        shown = f"不晚于 {before} 年" if lang == "zh" else f"by {before}"
        qualifiers = [q for q in qualifiers if q != CUV + "by"]
    else:
        shown = facts.one(period, "asPrinted")
    extra = [names(q) for q in qualifiers]
    years = facts.number(period, "durationYears")
    if years:
        extra.append(f"{years} 年" if lang == "zh" else f"{years} years")
    return f"{shown} ({', '.join(extra)})" if extra else shown


def _month(year: int | None, month: int | None) -> str:
    if year is None:
        return ""
    return f"{year}-{month:02}" if month else str(year)


def years_of(facts: Facts, period: str) -> tuple[int, int] | None:
    """Return the first and last year that a period can reach into, for drawing; None without."""
    start = facts.number(period, "startYear") or facts.number(period, "notBeforeYear")
    end = facts.number(period, "endYear") or facts.number(period, "notAfterYear")
    years = facts.number(period, "durationYears")
    if start is None and end is None:
        return None
    if end is not None and start is None and years:
        return end - years + 1, end
    first = start if start is not None else end
    last = end if end is not None else start
    assert first is not None and last is not None
    return min(first, last), max(first, last)


def figure_text(facts: Facts, names: Names, figure: str, lang: str) -> str:
    """Return a figure's value with its hedge and unit."""
    unit = _unit(facts, figure, lang)
    low, high = facts.one(figure, "lowValue"), facts.one(figure, "highValue")
    value, rank = facts.one(figure, "numericValue"), facts.one(figure, "rankValue")
    if low or high:
        shown = "–".join(_number(n, lang) for n in (low, high) if n) + unit
    elif value:
        shown = _number(value, lang) + unit
    elif rank:
        shown = f"第 {rank}" if lang == "zh" else f"no. {rank}"
    else:
        shown = "—"
    hedges = [h for h in facts.iris(figure, "hedge") if h != CUV + "asStated"]
    return " ".join([*(names(h) for h in hedges), shown])


def _unit(facts: Facts, figure: str, lang: str) -> str:
    code = facts.one(figure, "unitCode")
    text = _UNITS[lang].get(code, f" {code}" if code else "")
    currency = facts.one(figure, "currencyCode") or facts.one(figure, "currencyPrinted")
    return f"{text} {currency}" if currency else text


def _number(text: str, lang: str) -> str:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    for least, divisor, word in _LARGE[lang]:
        if abs(value) >= Decimal(least):
            return f"{_plain(value / Decimal(divisor))}{word}"
    return _plain(value)


def _plain(value: Decimal) -> str:
    text = f"{value.normalize():,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
