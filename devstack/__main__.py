"""The commands of dev.py, inside the virtual environment."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

from devstack.errors import plainly
from devstack.processes import STOP_SIGNALS

DESCRIPTION = """\
Everything that Assent needs on one machine, from Python alone.

  python3 dev.py                  start the portal with its own PostgreSQL and Valkey; Ctrl-C stops it
  python3 dev.py test [...]       run all tests (or what the pytest arguments say) against throw-away servers
  python3 dev.py bench [...]      measure: see bench/README.md
  python3 dev.py check            run the linters and Django's own checks
  python3 dev.py manage ...       run manage.py with the running portal's database, or one started for the call
  python3 dev.py env              print the running portal's environment as KEY=VALUE lines
"""
EPILOGUE = """\
environment:
  PORT                            where the portal listens on 127.0.0.1 (8000)
  DEV_STATE_DIR                   the folder with the database, keys and logs (var/ beside dev.py)
  DATABASE_URL                    use this PostgreSQL; a role that may create roles, or else also set
  DATABASE_OWNER_URL              the role that owns the tables, DATABASE_URL then being the application's
  DATABASE_VAULT_URL              the role of the vault, with these two
  REDIS_URL                       use this Redis or Valkey
  LOG_LEVEL                       of the portal's processes (INFO)
  CHROMIUM                        the browser for the browser tests (/usr/bin/chromium)
"""
COMMANDS = ("run", "test", "bench", "check", "manage", "env")
TAKES_ARGUMENTS = ("test", "bench", "manage")


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="dev.py", description=DESCRIPTION, epilog=EPILOGUE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "command", nargs="?", default="run", choices=COMMANDS, metavar="command", help=argparse.SUPPRESS
    )
    parser.usage = "python3 dev.py [test | bench | check | manage | env] [arguments]"
    options = parser.parse_args(arguments[:1])
    rest = list(arguments[1:])
    if rest and options.command not in TAKES_ARGUMENTS:
        parser.error(f"{options.command} takes no arguments: {' '.join(rest)}")
    return plainly(lambda: _dispatch(options.command, rest))


def _dispatch(command: str, arguments: Sequence[str]) -> int:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    match command:
        case "test":
            from devstack.calls import run_tests

            return run_tests(arguments)
        case "bench":
            from devstack.calls import run_bench

            return run_bench(arguments)
        case "manage":
            from devstack.calls import run_manage

            return run_manage(arguments)
        case "env":
            from devstack.calls import print_environment

            return print_environment()
        case "check":
            from devstack.checks import run_checks

            return run_checks()
        case _:
            from devstack.stack import run_stack

            return run_stack()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
