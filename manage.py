#!/usr/bin/env python
"""Runs the project's commands: `manage.py help` lists them."""

import os
import sys

from loyalty_project.entry_point import run

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loyalty_project.settings")
    run(sys.argv)
