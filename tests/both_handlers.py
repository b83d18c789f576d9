"""The test client's handler: requests of the API go through the API's handler, as they do in the product."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.test.client import ClientHandler

from loyalty_project.api.addresses import is_api
from loyalty_project.api.handler import ApiHandler


class BothHandlers(ClientHandler):
    """Answers by `ApiHandler` under the API's addresses, and by Django's handler elsewhere."""

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        """The answer to a request."""
        if is_api(request.path_info):
            return ApiHandler().get_response(request)
        response: HttpResponseBase = super().get_response(request)
        return response
