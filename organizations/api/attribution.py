"""Attribution: the till and store of a call, from an API client's headers or the client's own till (docs/protocol.md 1.8).

Attribution headers of tills are ignored.
"""

from dataclasses import dataclass

from django.http import HttpRequest

from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice, RequestRefusedError
from organizations.api.authentication import Caller
from organizations.api.headers import header_text
from organizations.locations.models import Store, Till

# Stores have a single external id; the types of a second and third external id name no store.
_STORE_COLUMNS = {"STORE_CODE": "code", "STORE_NAME": "name", "STORE_EXTERNAL_ID": "external_id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Till and store of a call; without a till, the store itself. `notices` warn of an unknown entity."""

    till: Till | None
    store: Store
    notices: tuple[Notice, ...] = ()


def attribution_of(caller: Caller, request: HttpRequest) -> Attribution:
    """The till and store of the call: a query if an API client's headers name an entity. Call it inside the scope.

    An entity that is unknown, inactive or ambiguous: a write gets the client's own till with notice 91021, a read raises
    `RequestRefusedError` 400.
    """
    own = Attribution(till=caller.till, store=caller.till.store)
    if not caller.is_client:
        return own
    kind, value = _asked(request)
    if not value:
        return own
    attribution = _till(value) if kind == "TILL" else _store(kind, value, own=caller.till)
    if attribution is not None:
        return attribution
    if request.method == "GET":
        raise RequestRefusedError(400, Code.INVALID_INPUT)
    return Attribution(till=own.till, store=own.store, notices=(Notice(Code.INVALID_ATTRIBUTION_TILL),))


def _asked(request: HttpRequest) -> tuple[str, str]:
    value = header_text(request, "X-CAP-API-ATTRIBUTION-ENTITY-CODE")
    if value:
        return header_text(request, "X-CAP-API-ATTRIBUTION-ENTITY-TYPE").upper() or "TILL", value
    return "TILL", header_text(request, "X-CAP-API-ATTRIBUTION-TILL-CODE")


def _till(code: str) -> Attribution | None:
    till = Till.objects.select_related("store").filter(code=code, is_active=True).first()
    return Attribution(till=till, store=till.store) if till else None


def _store(kind: str, value: str, *, own: Till) -> Attribution | None:
    column = _STORE_COLUMNS.get(kind)
    if column is None:
        return None
    stores = list(Store.objects.filter(**{column: value}, is_active=True)[:2])
    if len(stores) != 1:
        return None
    return Attribution(till=own if own.store_id == stores[0].pk else None, store=stores[0])
