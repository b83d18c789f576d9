"""What the processes of tests/forking.py have loaded before they are forked: Django, the application and its server.

Nothing here connects to a database or starts a thread: neither survives a fork.
"""

import granian.cli  # noqa: F401
from django.core.management import get_commands, load_command_class
from django.urls import get_resolver

from loyalty_project import wsgi  # noqa: F401 - sets Django up
from tests import forking  # noqa: F401

for _command, _app in get_commands().items():
    load_command_class(_app, _command)
get_resolver().url_patterns  # noqa: B018 - imports the interfaces
