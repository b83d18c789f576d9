"""The examples of docs/api-guide.md, called in their order as the demo's till: each succeeds."""

import re
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings

from demo.organization import ORGANIZATION_CODE, ORGANIZATION_FILE
from organizations.locations.models import Till
from organizations.tenancy.scoping import unscoped
from tests.api import Api
from tests.received_codes import codes_of
from use_cases.organization_file import check_document, load_organization

pytestmark = pytest.mark.django_db

GUIDE: Final = Path(settings.BASE_DIR) / "docs" / "api-guide.md"
SECTION: Final = re.compile(r"^## (\d+)\. .*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
EXAMPLE: Final = re.compile(
    r"""^curl -s -u "\$TILL" (?:-H 'Content-Type: (?P<kind>[^']+)' )?"\$BASE(?P<address>[^"]+)"(?: -d '(?P<body>[^']+)')?$""",
    re.MULTILINE,
)
SAMPLE_REDEMPTION: Final = "aB3dE9"


def examples(*sections: int) -> list[re.Match[str]]:
    """The examples of these sections; their number is that of the words `curl`, so that none is overlooked."""
    texts = [found[0] for found in SECTION.finditer(GUIDE.read_text(encoding="utf-8")) if int(found[1]) in sections]
    assert len(texts) == len(sections)
    found = [example for text in texts for example in EXAMPLE.finditer(text)]
    assert len(found) == sum(text.count("curl ") for text in texts)
    return found


@pytest.fixture
def till() -> Api:
    """The till of the guide, in the demo's organization."""
    with unscoped("tests make their rows"):
        load_organization(check_document(ORGANIZATION_FILE.read_bytes(), environment={}))
        found = Till.objects.select_related("organization").get(code="harbour.till1", organization__code=ORGANIZATION_CODE)
    return Api(found, "harbour-till-demo")


def test_the_examples_succeed_in_their_order(till: Api) -> None:
    assert GUIDE.read_text(encoding="utf-8").count(SAMPLE_REDEMPTION) == 1
    received, redemption = [], SAMPLE_REDEMPTION
    for example in examples(2, 7, 8, 9):
        address, body, kind = example["address"], example["body"], example["kind"] or "application/json"
        method = "POST" if body else "GET"
        answer = till.request(method, address, (body or "").strip().replace(SAMPLE_REDEMPTION, redemption), Content_Type=kind)
        received.append((address.partition("?")[0].removeprefix("/v1.1/"), sorted(codes_of(answer.http))))
        if address.startswith("/v1.1/points/redeem"):
            redemption = answer.response["responses"]["points"]["redemption_id"]
    assert received == [
        *[("customer/add", ["R 200", "S 1000"])] * 2,
        *[("transaction/add", ["R 200", "S 600"])] * 2,
        *[(f"points/{action}", ["R 200", "S 800"]) for action in ("isredeemable", "redeem", "reverse")],
    ]
