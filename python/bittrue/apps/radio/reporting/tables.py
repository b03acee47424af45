"""The tables of a report on radio maps."""

from __future__ import annotations

from bittrue.apps.radio.baselines import NOTE
from bittrue.apps.radio.frechet import NAME
from bittrue.apps.radio.measures import Measures
from bittrue.apps.radio.reporting.judging import Judged, Report
from bittrue.kit.page import Sheet

COLUMNS = ("", "NMSE", "NMSE dB", "RMSE", "SSIM", "PSNR dB", "streets: RMSE dB", "bias dB")
WORST = 8
"""Cities that the table of the worst has."""


def means(report: Report) -> Sheet:
    """Every way to predict, over all maps."""
    rows = [(*_row(one.name, one.mean), f"{one.frechet:.4f}") for one in report.judged]
    ours = frozenset(k for k, one in enumerate(report.judged) if one.ours)
    caption = (
        f"Means over {len(report.keys)} maps; grey levels from 0 to 1, data range 1. NMSE and RMSE are of the whole "
        f"map, black buildings included; dB of path loss over streets. Frechet distance by {NAME}. Baselines were "
        f"fitted on {report.fitted_on} maps; {NOTE}."
    )
    return Sheet(title(report), (*COLUMNS, "Frechet"), rows, caption, ours)


def worst(report: Report, found: Judged) -> Sheet:
    """The cities that one way to predict is worst at."""
    cities = sorted(report.cities(found).items(), key=lambda pair: -pair[1].nmse)
    counts = {number: sum(number == key[0] for key in report.keys) for number, _ in cities}
    rows = [_row(f"city {number} ({counts[number]} maps)", one) for number, one in cities[:WORST]]
    return Sheet(f"{found.name}: the worst of {len(cities)} cities", COLUMNS, rows)


def title(report: Report) -> str:
    """Which maps."""
    view, cities = report.maps.view, len({number for number, _ in report.keys})
    return f"{view.name}, split {view.split}: {len(report.keys)} maps of {cities} cities"


def _row(name: str, m: Measures) -> tuple[str, ...]:
    return (
        name,
        f"{m.nmse:.4f}",
        f"{m.nmse_db:.2f}",
        f"{m.rmse:.4f}",
        f"{m.ssim:.3f}",
        f"{m.psnr:.1f}",
        f"{m.street_rmse:.2f}",
        f"{m.street_bias:+.2f}",
    )
