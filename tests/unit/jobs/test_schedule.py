from datetime import UTC, datetime

import pytest

from tenfold.jobs.schedule import MACROS, Schedule


def due(expression: str, *moment: int) -> bool:
    minute = int(datetime(*moment, tzinfo=UTC).timestamp() // 60)  # pyright: ignore[reportArgumentType]
    return Schedule.parse(expression).is_due(minute)


@pytest.mark.parametrize(
    ("expression", "moment", "expected"),
    [
        ("* * * * *", (2026, 1, 1, 0, 0), True),
        ("*/5 * * * *", (2026, 1, 1, 0, 10), True),
        ("*/5 * * * *", (2026, 1, 1, 0, 11), False),
        ("10-20/5,30 4 * * *", (2026, 1, 1, 4, 15), True),
        ("10-20/5,30 4 * * *", (2026, 1, 1, 4, 30), True),
        ("10-20/5,30 4 * * *", (2026, 1, 1, 4, 20), True),
        ("10-20/5,30 4 * * *", (2026, 1, 1, 4, 25), False),
        ("0 0 31 12 *", (2026, 12, 31, 0, 0), True),
        ("0 0 * * 0", (2026, 11, 22, 0, 0), True),
        ("0 0 * * 2", (2026, 11, 24, 0, 0), True),
        # Day and weekday must both match, as in PocketBase and unlike in cron.
        ("* * 24 * 4", (2026, 11, 24, 11, 0), False),
        ("* * 24 * 2", (2026, 11, 24, 11, 0), True),
        ("@hourly", (2026, 1, 1, 5, 0), True),
        ("@hourly", (2026, 1, 1, 5, 1), False),
        ("@weekly", (2026, 11, 22, 0, 0), True),
    ],
)
def test_is_due(expression: str, moment: tuple[int, ...], expected: bool) -> None:
    assert due(expression, *moment) is expected


@pytest.mark.parametrize("macro", MACROS)
def test_macros_are_known(macro: str) -> None:
    assert Schedule.parse(macro).segments == Schedule.parse(MACROS[macro]).segments


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "bad",
        "@every 1m",
        "* * * *",
        "* * * * * *",
        " * * * * *",
        "60 * * * *",
        "5-1 * * * *",
        "*/0 * * * *",
        "*/70 * * * *",
        "* * * * 7",
        "* * * * MON",
        "1- * * * *",
        "-1 * * * *",
        "1/ * * * *",
        "a,b * * * *",
    ],
)
def test_nonsense_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Schedule.parse(expression)
