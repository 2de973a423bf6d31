"""How numbers are written on the page."""

from __future__ import annotations

MISSING = "–"


def count(value: float | None) -> str:
    """12345 → "12,345"; sums of continuous labels keep one decimal."""
    if value is None:
        return MISSING
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def metric(value: float | None) -> str:
    """0.738123 → "0.73812"; large values keep five digits."""
    if value is None:
        return MISSING
    return f"{value:.5f}" if abs(value) < 10 else f"{value:.5g}"


def signed(value: float | None) -> str:
    """0.00302 → "+0.00302", with a true minus sign."""
    return MISSING if value is None else f"{value:+.5f}".replace("-", "−")


def share(value: float | None) -> str:
    """0.31234 → "31.2 %", with a true minus sign."""
    if value is None:
        return MISSING
    digits = 1 if value == 0 or abs(value) >= 0.001 else 3
    return f"{100 * value:.{digits}f} %".replace("-", "−")


def signed_share(value: float | None) -> str:
    """0.0338 → "+3.38 %"."""
    return MISSING if value is None else f"{100 * value:+.2f} %".replace("-", "−")


def seconds(value: float | None) -> str:
    """75.2 → "1 min 15 s"."""
    if value is None:
        return MISSING
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


FILTERS = {
    "count": count,
    "metric": metric,
    "signed": signed,
    "share": share,
    "signed_share": signed_share,
    "seconds": seconds,
}
