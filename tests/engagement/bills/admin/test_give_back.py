"""Staff return a bill: the whole of it, an amount, or some of its lines."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from customers.profile.models import Customer
from engagement.bills.models import Bill
from engagement.points.models import PointsAccount, PointsEntry
from engagement.programs.models import ProgramVersion
from loyalty_project import clock
from organizations.locations.models import Store, Till
from organizations.submissions.services import token_of
from tests.back_office import confirmed, log_in, page_of, text_of
from tests.factories.bills import BillFactory
from tests.factories.programs import ProgramVersionFactory
from tests.factories.staff import StaffMemberFactory

BILLS = "engagement_bill"


@pytest.fixture
def sale(administrator: Client, anna: Customer, store: Store) -> Bill:
    """A bill of two items for 250, which earned 12 points."""
    account = PointsAccount.objects.get(customer=anna)
    version = ProgramVersion.objects.filter(program=account.program).order_by("-number")[0]
    earning = [{"name": "base", "award": {"per": 100, "points": 5}}]
    ProgramVersionFactory(program=account.program, number=version.number + 1, rules={**version.rules, "earning": earning})
    lines = {"lines-item": ["KETTLE", "MUG"], "lines-quantity": ["1", "2"], "lines-amount": ["200", "50"]}
    typed = {"number": "B-1", "store": str(store.pk), "day": today(), "token": "0", "amount": "", **lines}
    administrator.post(reverse("admin:customers_customer_record_bill", args=[anna.pk]), confirmed(typed))
    return Bill.objects.get()


def today() -> str:
    return f"{clock.now().astimezone(Store.objects.get(code='blr.mgroad').organization.zone):%Y-%m-%d}"


def address(bill: Bill) -> str:
    return page_of(BILLS, bill).replace("/change/", "/return/")


def typed(sale: Bill, **values: Any) -> dict[str, Any]:
    return {"kind": "FULL", "store": str(sale.store_id), "day": today(), "token": "0", "amount": "", "number": "", **values}


def pieces(sale: Bill, item: str, number: str) -> dict[str, str]:
    return {f"line_{sale.lines.get(item_code=item).pk}": number}


def errors_of(answer: HttpResponse) -> dict[str, list[str]]:
    return answer.context["form"].errors  # type: ignore[attr-defined, no-any-return]  # test clients add it


def test_the_whole_bill_comes_back_once(administrator: Client, sale: Bill) -> None:
    assert "250.00 of 250.00 INR can come back." in text_of(administrator.get(address(sale)))
    shown = text_of(administrator.post(address(sale), typed(sale)))
    assert "250.00 INR comes back" in shown
    assert "12 points of" in shown
    assert Bill.objects.count() == 1
    for _ in range(2):
        assert administrator.post(address(sale), confirmed(typed(sale))).status_code == 302
    back = Bill.objects.get(type="RETURN")
    assert (back.amount, back.return_of, back.return_type, back.recorded_by) == (250, sale, "FULL", "staff:asha")
    assert [entry.points for entry in PointsEntry.objects.filter(bill=back)] == [-12]
    page = text_of(administrator.get(page_of(BILLS, sale)))
    assert "return of bill B-1, 250.00 INR; 12 points taken back." in page
    assert "/return/" not in administrator.get(page_of(BILLS, sale)).content.decode()


def test_lines_come_back_with_their_amounts(administrator: Client, sale: Bill) -> None:
    sent = typed(sale, kind="LINE_ITEM", **pieces(sale, "MUG", "1"))
    shown = text_of(administrator.post(address(sale), sent))
    assert "25.00 INR comes back MUG: 1 for 25.00 INR." in shown
    administrator.post(address(sale), confirmed(sent))
    assert Bill.objects.get(type="RETURN").amount == 25
    assert sale.lines.get(item_code="MUG").returned_quantity == 1
    assert administrator.get(address(sale)).context["form"].initial["kind"] == "LINE_ITEM"
    refused = errors_of(administrator.post(address(sale), typed(sale, token=str(token_of("return bill", sale.pk)))))
    assert refused["kind"][0].startswith("A part came back before: return lines or an amount.")


def test_an_amount_comes_back(administrator: Client, sale: Bill) -> None:
    sent = typed(sale, kind="AMOUNT", amount="100")
    assert "100.00 INR comes back" in text_of(administrator.post(address(sale), sent))
    administrator.post(address(sale), confirmed(sent))
    sale.refresh_from_db()
    assert (sale.returned_amount, Bill.objects.get(type="RETURN").amount) == (100, 100)


@pytest.mark.parametrize(
    ("values", "piece", "field", "error"),
    [
        ({"kind": "AMOUNT", "amount": "251"}, "", "amount", "More than what is left: a part came back before."),
        ({"kind": "AMOUNT"}, "", "amount", "Enter the amount that comes back."),
        ({"kind": "LINE_ITEM"}, "", "__all__", "Enter how many pieces come back."),
        ({"kind": "LINE_ITEM"}, "3", "__all__", "More pieces than were bought."),
        ({"day": "2020-01-01"}, "", "day", "The return would be earlier than the sale."),
        ({"kind": "SOME"}, "", "kind", "Select a valid choice."),
        ({"store": ""}, "", "store", "This field is required."),
    ],
)
def test_what_cannot_come_back_is_explained_at_its_field(
    administrator: Client, sale: Bill, values: dict[str, str], piece: str, field: str, error: str
) -> None:
    sent = typed(sale, **{**(pieces(sale, "MUG", piece) if piece else {}), **values})
    errors = errors_of(administrator.post(address(sale), sent))
    assert list(errors) == [field]
    assert errors[field][0].startswith(error)


def test_fewer_pieces_than_none_are_refused(administrator: Client, sale: Bill) -> None:
    errors = errors_of(administrator.post(address(sale), typed(sale, kind="LINE_ITEM", **pieces(sale, "MUG", "-1"))))
    assert list(errors.values()) == [["Enter a number of pieces of at least 0."]]


def test_returns_and_outsiders_have_no_button(
    seller: Client, auditor: Client, administrator: Client, sale: Bill, indiranagar: Till
) -> None:
    for browser in (seller, auditor):
        assert browser.post(address(sale), typed(sale)).status_code == 403
    back = BillFactory(till=indiranagar, customer=sale.customer, number="R-1", type="RETURN")
    assert administrator.get(address(back))["Location"] == page_of(BILLS, back)
    manager = log_in(StaffMemberFactory(organization=sale.organization, role="store_manager", stores=[indiranagar.store]))
    assert manager.post(address(sale), typed(sale))["Location"] == "/admin/"
