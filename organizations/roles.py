"""What may a role do? Permissions come from the role alone; nobody collects them one by one."""

from django.contrib.auth.backends import ModelBackend


class RoleBackend(ModelBackend):
    """Django's log-in, with permissions by role."""
