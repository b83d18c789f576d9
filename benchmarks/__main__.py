"""Run the benchmarks."""

import os
import sys

import django

# Load processes import this module as well, and must not run it.
if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loyalty_project.settings")
    django.setup()
    from benchmarks.command import main  # models can be imported only after the setup

    sys.exit(main())
