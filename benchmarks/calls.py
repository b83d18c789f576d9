"""Calls as they go over the wire, and loads of them made by the generator's process."""

import json
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any, Final

from django.conf import settings

from benchmarks.load import Load, Measured, WrongAnswerError
from benchmarks.organization import TILL, credential
from benchmarks.people import MOBILE, mobile, new_customer

# For starting the process and waiting for the last answers.
_GRACE_SECONDS: Final = 300.0
NO_FAILURES: Final = '"success":"false"'
SUCCESS: Final = '"success":"true"'
BILL_LINES: Final = 3


# What customer/get adds to its answer if it is asked for it.
_FLAGS: Final = (
    "card_details", "customer_image", "delayed_accrual", "expired_points", "expiry_schedule", "membership_retention_criteria",
    "ndnc_status", "next_slab", "optin_status", "points_summary", "program_summary", "promotion_points", "segments",
    "slab_history", "subscriptions", "tier_upgrade_criteria", "tracker_info", "user_group", "user_id",
)  # fmt: skip
EVERY_FLAG: Final = "".join(f"&{flag}=true" for flag in _FLAGS) + "&gap_to_upgrade_for=30&gap_to_renew_for=30"


def get_call(numbers: Iterable[int], *, kind: str = "json", more: str = "") -> str:
    """A customer/get of these customers by mobile, with `more` parameters."""
    mobiles = ",".join(map(mobile, numbers))
    return read_call(f"/v1.1/customer/get?{MOBILE}={mobiles}&mlp=true{more}", kind=kind)


def read_call(address: str, *, kind: str = "json", is_authenticated: bool = True) -> str:
    """A GET of this address by the till, or by nobody."""
    caller = f"Authorization: {credential()}\r\n" if is_authenticated else ""
    return f"GET {address} HTTP/1.1\r\nHost: localhost\r\nAccept: application/{kind}\r\n{caller}\r\n"


def add_call(numbers: Iterable[int]) -> str:
    """A customer/add of these customers."""
    return write_call("/v1.1/customer/add", {"customer": [new_customer(number) for number in numbers]})


def bill_call(number: int, customer: int, *, till: str = TILL) -> str:
    """A transaction/add of bill `number`: three lines, of a known customer by mobile."""
    lines = [{"item_code": f"SKU{n}", "qty": "2", "rate": "50", "value": "100", "amount": "100"} for n in range(BILL_LINES)]
    bill = {
        "type": "REGULAR", "number": f"B{number}", "amount": str(100 * BILL_LINES), "customer": {MOBILE: mobile(customer)},
        "line_items": {"line_item": lines},
    }  # fmt: skip
    return write_call("/v1.1/transaction/add", {"transaction": [bill]}, till=till)


def redeem_call(number: int, customer: int, *, till: str = TILL) -> str:
    """A points/redeem of one point, with a reference number and the number of a bill that is not there yet."""
    asked = {
        "points_redeemed": "1", "transaction_number": f"R{number}", "external_reference_number": f"ref{number}",
        "customer": {MOBILE: mobile(customer)},
    }  # fmt: skip
    return write_call("/v1.1/points/redeem", {"root": {"redeem": asked}}, till=till)


def issue_call(number: int, customer: int, *, series: str) -> str:
    """A coupon/issue to the customer."""
    coupon = {"series_id": series, "external_reference_number": f"C{number}", "customer": {MOBILE: mobile(customer)}}
    return write_call("/v1.1/coupon/issue", {"root": {"coupon": [coupon]}})


def use_call(number: int, customer: int, *, code: str) -> str:
    """A coupon/redeem by the customer."""
    coupon = {"code": code, "customer": {MOBILE: mobile(customer)}, "transaction": {"number": f"C{number}", "amount": "100"}}
    return write_call("/v1.1/coupon/redeem", {"root": {"coupon": [coupon]}})


def write_call(address: str, content: Any, *, till: str = TILL) -> str:
    """A POST of this content as JSON by the till."""
    body = json.dumps(content)
    return (
        f"POST {address} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nAuthorization: {credential(till)}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )


def make_load(load: Load) -> Measured:
    """Make the load in a process of its own: what it measured. Raises WrongAnswerError."""
    return make_loads(load)[0]


def make_loads(*loads: Load) -> list[Measured]:
    """Make the loads at the same time, each in a process of its own. Raises WrongAnswerError."""
    with ThreadPoolExecutor(max_workers=len(loads)) as waiting:
        return list(waiting.map(_run_generator, loads))


def _run_generator(load: Load) -> Measured:
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=json.dumps(asdict(load)), cwd=settings.BASE_DIR, capture_output=True, text=True, check=False,
        timeout=load.seconds + _GRACE_SECONDS,
    )  # fmt: skip
    if run.returncode:
        raise WrongAnswerError(run.stderr.strip() or f"the load generator ended with status {run.returncode}")
    return Measured(**json.loads(run.stdout))
