"""Numbers as the page writes them: short, and always the same way."""

from __future__ import annotations

MINUS = "−"
NONE = "–"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def measure(value: float | None, digits: int = 3) -> str:
    """A measure or a cosine between 0 and 1: ``.831``; ``1.000``, ``−.120``, and ``–`` for None."""
    if value is None or value != value:
        return NONE
    text = f"{abs(value):.{digits}f}"
    sign = MINUS if value < 0 and float(text) else ""
    return sign + (text[1:] if text.startswith("0.") else text)


def signed(value: float | None, digits: int = 3) -> str:
    """A difference of measures: ``+.021``, ``−.004``, ``±.000``."""
    text = measure(value, digits)
    if text == NONE or value is None:
        return text
    if not float(f"{value:.{digits}f}"):
        return "±" + text
    return text if value < 0 else "+" + text


def count(value: int) -> str:
    """``2,314``."""
    return f"{value:,}"


def short(value: float) -> str:
    """``118 M`` for 117,653,760; below a thousand as it is."""
    for unit, name in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if value >= unit:
            return f"{value / unit:.3g}\u202f{name}"
    return f"{value:.3g}"


def counted(value: int, noun: str, plural: str = "") -> str:
    """``1 document``, ``2,314 documents``, ``6 queries`` (with ``plural="queries"``)."""
    return f"{value:,} {noun if value == 1 else plural or noun + 's'}"


def percent(share: float) -> str:
    """A share between 0 and 1: ``62 %``, with a narrow space that does not break."""
    return f"{share:.0%}".replace("%", "\u202f%")


def plain(value: float) -> str:
    """A score without a fixed range, such as BM25's: ``11.2``."""
    return f"{value:.1f}".replace("-", MINUS)


def duration(seconds: float) -> str:
    """``38 ms``, ``0.4 s``, ``48 s``, ``3 min 10 s``, ``2 h 5 min``, ``3 d 4 h``."""
    if seconds < 0.095:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 1:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, name, smaller, small in ((_DAY, "d", _HOUR, "h"), (_HOUR, "h", _MINUTE, "min"), (_MINUTE, "min", 1, "s")):
        if whole >= unit:
            rest = whole % unit // smaller
            return f"{whole // unit} {name}" + (f" {rest} {small}" if rest else "")
    return f"{whole} s"


def ago(seconds: float) -> str:
    """How long since: ``just now``, ``5 min ago``, ``2 h ago``, ``3 d ago``."""
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= unit:
            return f"{seconds // unit:.0f} {name} ago"
    return "just now"


def size(octets: float) -> str:
    """Bytes in powers of 1000, as disks are sold: ``812 B``, ``4.1 MB``, ``470 MB``, ``1.2 GB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if octets < 1000 or unit == "GB":
            break
        octets /= 1000
    return f"{octets:.0f} {unit}" if unit == "B" or octets >= 10 else f"{octets:.1f} {unit}"


def p_value(value: float) -> str:
    """A p-value: ``.188``, and ``<.001`` where three digits would say that chance is ruled out."""
    return "<.001" if value < 0.0005 else measure(value)
