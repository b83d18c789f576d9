"""The WSGI application that granian, or any other server, serves."""

import os

import django

from loyalty_project.wsgi_handler import ProjectHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loyalty_project.settings")
django.setup(set_prefix=False)
application = ProjectHandler()
