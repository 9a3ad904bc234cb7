"""How a long command shows how far it has come."""

import io

from django.core.management.base import OutputWrapper

from consent.ledger.log.progress import Bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_one_line_is_drawn_again_and_again() -> None:
    terminal = Terminal()
    bar = Bar(OutputWrapper(terminal))
    bar.drawn -= 1

    bar.show(500, 1000)
    bar.show(501, 1000)  # too soon to be drawn
    bar.show(1000, 1000)
    bar.close()

    drawn = terminal.getvalue().split("\r")[1:]
    assert [line[:26] for line in drawn] == [f"[{'#' * 12}{'.' * 12}]", f"[{'#' * 24}]"]
    assert "1,000 of 1,000 leaves" in drawn[1]
    assert drawn[1].endswith("\n")


def test_elsewhere_the_end_is_a_line_of_its_own() -> None:
    file = io.StringIO()
    bar = Bar(OutputWrapper(file))

    bar.show(500, 1000)
    bar.show(1000, 1000)
    bar.close()

    assert len(file.getvalue().splitlines()) == 1


def test_nothing_to_do_is_done() -> None:
    terminal = Terminal()

    Bar(OutputWrapper(terminal)).show(0, 0)

    assert f"[{'#' * 24}]" in terminal.getvalue()
