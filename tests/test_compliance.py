"""docs/compliance.md is true: each promise stands once, and the test that is said to show it exists."""

import re
from pathlib import Path

from django.conf import settings

PAGE = Path(settings.BASE_DIR) / "docs" / "compliance.md"
ROW = re.compile(r"^\| ([KY]\d+) \| .+ \| `([^`]+)` \|$", re.M)
EVERY = {f"K{number}" for number in range(1, 124)} | {f"Y{number}" for number in range(1, 38)}


def test_each_promise_stands_exactly_once() -> None:
    page = PAGE.read_text(encoding="utf-8")
    kept = [promise for promise, _test in ROW.findall(page)]
    open_promises = re.findall(r"[KY]\d+", page.split("## Not yet")[1])

    assert sorted(kept + open_promises) == sorted(EVERY)


def test_each_named_test_exists() -> None:
    for promise, test in ROW.findall(PAGE.read_text(encoding="utf-8")):
        file, _colons, name = test.partition("::")
        path = Path(settings.BASE_DIR) / file
        assert path.is_file(), f"{promise}: {file}"
        assert re.search(rf"def {name}\b", path.read_text(encoding="utf-8")), f"{promise}: {test}"
