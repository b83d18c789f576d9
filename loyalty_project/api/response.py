"""Response of the wire: the tree of an answer, whose bytes are written when the format is known (`api.views`)."""

from collections.abc import Mapping

from django.http import HttpResponse
from rest_framework.response import Response

from loyalty_project.api.envelope import Tree


class WireResponse(Response):
    """The framework's response, without the parts that only templates need."""

    def __init__(self, tree: Tree, *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        HttpResponse.__init__(self, status=status, headers=headers)
        self.data = tree
