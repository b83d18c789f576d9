"""The commands that belong to no app: `manage.py help` lists them."""
