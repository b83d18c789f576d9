"""Runs the benchmarks."""

import os
import sys

import django

# The processes that make load import this module as well, and need nothing of it.
if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loyalty_project.settings")
    django.setup()
    from benchmarks.command import main  # models can be imported only now that Django stands

    sys.exit(main())
