#!/usr/bin/env python3
"""Start, test and check Assent on a machine that has Python and nothing else: see `python3 dev.py --help`."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this file is read by the old Pythons it turns away
    sys.exit("Assent needs Python 3.11 or newer, and this is %d.%d." % sys.version_info[:2])  # noqa: UP031

from devstack import bootstrap

if __name__ == "__main__":
    bootstrap.main(sys.argv[1:])
