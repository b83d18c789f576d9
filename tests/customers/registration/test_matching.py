"""Matching rules: the rows of docs/protocol.md 2.4 and 2.5, without a database."""

from datetime import UTC, datetime

import pytest

from customers.identifiers.rules import is_exclusive
from customers.profile.models import Customer
from customers.registration.input import CustomerInput
from customers.registration.matching import check_conversion, check_new, match
from customers.registration.state import CustomerState, Matches
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice
from organizations.policies import Policy

MOBILE, OTHER_MOBILE = "919800000001", "919800000002"
EMAIL, OTHER_EMAIL = "asha@example.com", "usha@example.com"
NO_MERGES = Policy(auto_merge=False)


def state(pk: int, *, registered: int = 2020, fraud: str = "NONE", **identifiers: str) -> CustomerState:
    customer = Customer(pk=pk, registered_on=datetime(registered, 1, 1, tzinfo=UTC), fraud_status=fraud)
    return CustomerState(customer=customer, identifiers=dict(identifiers))


def match_item(
    sent: dict[str, str],
    *states: CustomerState,
    policy: Policy | None = None,
    may_create: bool = True,
    by_id: CustomerState | None = None,
):
    """Match an item that sends these identifiers in an organization of these customers."""
    policy = policy or Policy()
    exclusive = {kind: value for kind, value in sent.items() if is_exclusive(kind, policy)}
    owners = {kind: state for kind, value in exclusive.items() for state in states if state.identifiers.get(kind) == value}
    heirs = {kind: state for kind, value in exclusive.items() for state in states if (kind, value) in state.inherited}
    customer_input = CustomerInput(customer=Customer(), identifiers=sent, customer_id=by_id.customer.pk if by_id else None)
    return match(customer_input, Matches(by_id=by_id, by_kind=owners, heirs=heirs), policy, may_create=may_create)


def refusal(*arguments, **options) -> Code:
    with pytest.raises(LoyaltyError) as caught:
        match_item(*arguments, **options)
    return caught.value.code


def codes(plan) -> list[int]:
    return [notice.code for notice in plan.notices]


def test_an_unknown_customer_is_created_with_the_sent_values():
    plan = match_item({"mobile": MOBILE, "email": EMAIL})
    assert (plan.state, plan.identifiers, plan.notices) == (None, {"mobile": MOBILE, "email": EMAIL}, ())


def test_an_update_creates_no_customer():
    assert refusal({"mobile": MOBILE}, may_create=False) == Code.UNKNOWN_IDENTIFIER


def test_a_unknown_id_is_1011_whatever_else_is_sent():
    customer_input = CustomerInput(customer=Customer(), identifiers={"mobile": MOBILE}, customer_id=7)
    with pytest.raises(LoyaltyError) as caught:
        match(customer_input, Matches(by_id=None, by_kind={"mobile": state(1, mobile=MOBILE)}), Policy(), may_create=False)
    assert caught.value.code == Code.UNKNOWN_ID


def test_b_missing_secondary_is_filled():
    known = state(1, mobile=MOBILE)
    plan = match_item({"mobile": MOBILE, "email": EMAIL}, known)
    assert (plan.state, plan.identifiers, codes(plan)) == (known, {"email": EMAIL}, [])


def test_b_stored_secondary_is_kept_with_91006():
    plan = match_item(
        {"mobile": MOBILE, "email": EMAIL, "external_id": "B"}, state(1, mobile=MOBILE, email=OTHER_EMAIL, external_id="A")
    )
    assert plan.identifiers == {}
    assert plan.notices == (
        Notice(Code.IDENTIFIER_NOT_UPDATED, x="Email"),
        Notice(Code.IDENTIFIER_NOT_UPDATED, x="External ID"),
    )


def test_b_stored_secondary_changes_where_its_flag_allows():
    policy = Policy(email_update=True, external_id_update=True)
    known = state(1, mobile=MOBILE, email=OTHER_EMAIL, external_id="A")
    plan = match_item({"mobile": MOBILE, "email": EMAIL, "external_id": "B"}, known, policy=policy)
    assert (plan.identifiers, codes(plan)) == ({"email": EMAIL, "external_id": "B"}, [])


def test_b_mobile_changes_where_it_is_secondary_and_its_flag_allows():
    policy = Policy(primary="email", mobile_update=True)
    plan = match_item({"email": EMAIL, "mobile": MOBILE}, state(1, email=EMAIL, mobile=OTHER_MOBILE), policy=policy)
    assert plan.identifiers == {"mobile": MOBILE}


def test_c_a_customer_without_primary_gains_it():
    known = state(1, email=EMAIL)
    plan = match_item({"mobile": MOBILE, "email": EMAIL}, known)
    assert (plan.state, plan.identifiers) == (known, {"mobile": MOBILE})


def test_d_other_primary_is_kept_with_91005():
    known = state(1, mobile=OTHER_MOBILE, email=EMAIL)
    plan = match_item({"mobile": MOBILE, "email": EMAIL}, known)
    assert (plan.state, plan.identifiers) == (known, {})
    assert plan.notices == (Notice(Code.PRIMARY_NOT_UPDATED, x="Mobile", y="Mobile"),)


def test_d_other_primary_is_refused_by_the_strict_check():
    known = state(1, mobile=OTHER_MOBILE, email=EMAIL)
    assert refusal({"mobile": MOBILE, "email": EMAIL}, known, policy=Policy(strict_primary=True)) == Code.PRIMARY_MISMATCH


def test_d_skip_policy_registers_anew_without_the_secondary():
    known = state(1, mobile=OTHER_MOBILE, email=EMAIL)
    plan = match_item({"mobile": MOBILE, "email": EMAIL}, known, policy=Policy(strict_primary=True, skip_secondary=True))
    assert (plan.state, plan.identifiers) == (None, {"mobile": MOBILE})
    assert plan.notices == (Notice(Code.IDENTIFIER_OCCUPIED, x="Email"),)


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [("email", EMAIL, Code.EMAIL_TAKEN), ("external_id", "E", Code.EXTERNAL_ID_TAKEN)],
)
def test_g_a_secondary_of_another_is_refused_without_merging(kind, value, code):
    known, other = state(1, mobile=MOBILE), state(2, mobile=OTHER_MOBILE, **{kind: value})
    assert refusal({"mobile": MOBILE, kind: value}, known, other, policy=NO_MERGES) == code


def test_g_of_several_refusals_the_lowest_code_is_answered():
    known, taken = state(1, mobile=MOBILE), state(2, email=EMAIL, external_id="E")
    sent = {"mobile": MOBILE, "email": EMAIL, "external_id": "E"}
    assert refusal(sent, known, taken, policy=NO_MERGES) == Code.EMAIL_TAKEN


def test_e_the_owner_of_the_secondary_is_merged_and_fills_gaps():
    known, other = state(1, mobile=MOBILE), state(2, mobile=OTHER_MOBILE, email=EMAIL, external_id="E")
    plan = match_item({"mobile": MOBILE, "email": EMAIL}, known, other)
    assert (plan.state, plan.victims, plan.identifiers, codes(plan)) == (known, (other,), {}, [])


def test_e_several_owners_are_merged_the_oldest_first_and_each_once():
    known = state(1, mobile=MOBILE)
    younger, older = state(2, registered=2022, email=EMAIL), state(3, registered=2018, external_id="E")
    sent = {"mobile": MOBILE, "email": EMAIL, "external_id": "E"}
    assert match_item(sent, known, younger, older).victims == (older, younger)
    both = state(4, email=EMAIL, external_id="E")
    assert match_item(sent, known, both).victims == (both,)


def test_e_a_different_secondary_of_the_survivor_is_kept_with_91006():
    known, other = state(1, mobile=MOBILE, email=OTHER_EMAIL), state(2, email=EMAIL)
    plan = match_item({"mobile": MOBILE, "email": EMAIL}, known, other)
    assert (plan.victims, plan.identifiers, codes(plan)) == ((other,), {}, [91006])
    allowed = match_item({"mobile": MOBILE, "email": EMAIL}, known, other, policy=Policy(email_update=True))
    assert allowed.identifiers == {"email": EMAIL}


@pytest.mark.parametrize("restricted", [1, 2])
def test_h_fraud_on_either_side_closes_merging(restricted):
    known = state(1, mobile=MOBILE, fraud="CONFIRMED" if restricted == 1 else "NONE")
    other = state(2, email=EMAIL, fraud="CONFIRMED" if restricted == 2 else "NONE")
    assert refusal({"mobile": MOBILE, "email": EMAIL}, known, other) == Code.FRAUD


def test_i_an_update_by_a_merged_identifier_is_warned_of():
    known = state(1, mobile=MOBILE)
    known.inherited = {("mobile", OTHER_MOBILE), ("email", EMAIL)}
    plan = match_item({"mobile": OTHER_MOBILE}, known)
    assert (plan.state, plan.identifiers, codes(plan)) == (known, {}, [91009])
    filled = match_item({"mobile": MOBILE, "email": EMAIL}, known)
    assert (filled.identifiers, codes(filled)) == ({"email": EMAIL}, [91009])


def heir_of(kind: str, value: str, pk: int = 2, **identifiers: str) -> CustomerState:
    """A customer who only inherited the value."""
    heir = state(pk, **identifiers)
    heir.inherited = {(kind, value)}
    return heir


STRICT, SKIPPING = Policy(strict_primary=True), Policy(skip_secondary=True)


@pytest.mark.parametrize("policy", [Policy(), STRICT, SKIPPING, NO_MERGES])
def test_an_inherited_secondary_is_filled_and_nobody_is_merged(policy):
    known, heir = state(1, mobile=MOBILE), heir_of("email", EMAIL, mobile=OTHER_MOBILE)
    plan = match_item({"mobile": MOBILE, "email": EMAIL}, known, heir, policy=policy)
    assert (plan.state, plan.victims, plan.identifiers, codes(plan)) == (known, (), {"email": EMAIL}, [])


def test_an_inherited_secondary_replaces_a_stored_one_by_its_flag_alone():
    known, heir = state(1, mobile=MOBILE, email=OTHER_EMAIL), heir_of("email", EMAIL, mobile=OTHER_MOBILE)
    sent = {"mobile": MOBILE, "email": EMAIL}
    kept, changed = match_item(sent, known, heir), match_item(sent, known, heir, policy=Policy(email_update=True))
    assert (kept.identifiers, codes(kept)) == ({}, [91006])
    assert (changed.identifiers, codes(changed)) == ({"email": EMAIL}, [])


def test_an_inherited_primary_goes_to_the_owner_of_the_secondary():
    known, heir = state(1, email=EMAIL), heir_of("mobile", MOBILE, mobile=OTHER_MOBILE)
    plan = match_item({"mobile": MOBILE, "email": EMAIL}, known, heir)
    assert (plan.state, plan.victims, plan.identifiers, codes(plan)) == (known, (), {"mobile": MOBILE}, [])


def test_fraud_of_the_heir_does_not_keep_a_value_from_others():
    known, heir = state(1, mobile=MOBILE), heir_of("email", EMAIL, mobile=OTHER_MOBILE)
    heir.customer.fraud_status = "CONFIRMED"
    assert match_item({"mobile": MOBILE, "email": EMAIL}, known, heir).identifiers == {"email": EMAIL}


@pytest.mark.parametrize("policy", [Policy(), STRICT, SKIPPING])
def test_an_inherited_primary_and_an_own_secondary_name_the_heir(policy):
    heir = heir_of("mobile", MOBILE, mobile=OTHER_MOBILE, email=EMAIL)
    plan = match_item({"mobile": MOBILE, "email": EMAIL}, heir, policy=policy)
    assert (plan.state, plan.identifiers, codes(plan)) == (heir, {}, [91009])


def test_values_of_two_heirs_merge_nobody():
    first, second = heir_of("mobile", MOBILE, mobile=OTHER_MOBILE), heir_of("email", EMAIL, 3, email=OTHER_EMAIL)
    plan = match_item({"mobile": MOBILE, "email": EMAIL}, first, second)
    assert (plan.state, plan.victims, plan.identifiers, codes(plan)) == (first, (), {"email": EMAIL}, [91009])


def test_an_inherited_secondary_still_finds_the_survivor():
    heir = heir_of("email", EMAIL, mobile=OTHER_MOBILE, email=OTHER_EMAIL)
    plan = match_item({"mobile": MOBILE, "email": EMAIL}, heir)
    assert (plan.state, plan.identifiers, codes(plan)) == (heir, {}, [91009, 91005])


@pytest.mark.parametrize("policy", [STRICT, SKIPPING])
def test_an_inherited_secondary_goes_to_a_new_customer_by_primary_rule(policy):
    plan = match_item({"mobile": MOBILE, "email": EMAIL}, heir_of("email", EMAIL, mobile=OTHER_MOBILE), policy=policy)
    assert (plan.state, plan.identifiers, codes(plan)) == (None, {"mobile": MOBILE, "email": EMAIL}, [])


def test_e_skip_policy_ignores_the_secondary():
    known, other = state(1, mobile=MOBILE), state(2, mobile=OTHER_MOBILE, email=EMAIL)
    plan = match_item({"mobile": MOBILE, "email": EMAIL}, known, other, policy=Policy(skip_secondary=True))
    assert (plan.state, plan.identifiers, codes(plan)) == (known, {}, [Code.IDENTIFIER_OCCUPIED])


def test_e_strict_check_refuses():
    known, other = state(1, mobile=MOBILE), state(2, mobile=OTHER_MOBILE, email=EMAIL)
    assert (
        refusal({"mobile": MOBILE, "email": EMAIL}, known, other, policy=Policy(strict_primary=True)) == Code.PRIMARY_MISMATCH
    )


def test_e_repeating_email_is_just_stored():
    known, other = state(1, mobile=MOBILE), state(2, mobile=OTHER_MOBILE, email=EMAIL)
    plan = match_item({"mobile": MOBILE, "email": EMAIL}, known, other, policy=Policy(email_unique=False))
    assert (plan.state, plan.identifiers) == (known, {"email": EMAIL})


def test_e_update_by_id_with_an_identifier_of_another_merges_them():
    known, other = state(1, mobile=MOBILE), state(2, mobile=OTHER_MOBILE)
    plan = match_item({"mobile": OTHER_MOBILE}, known, other, by_id=known, may_create=False)
    assert (plan.state, plan.victims, codes(plan)) == (known, (other,), [91005])
    options = {"by_id": known, "may_create": False, "policy": NO_MERGES}
    assert refusal({"mobile": OTHER_MOBILE}, known, other, **options) == Code.MOBILE_TAKEN


def test_f_without_primary_the_older_registration_survives():
    older, younger = state(2, registered=2018, email=EMAIL), state(1, registered=2022, external_id="E")
    plan = match_item({"email": EMAIL, "external_id": "E"}, younger, older)
    assert (plan.state, plan.victims, plan.identifiers) == (older, (younger,), {})


def test_without_primary_a_single_match_is_meant():
    known = state(1, mobile=OTHER_MOBILE, email=EMAIL)
    assert match_item({"email": EMAIL}, known).state is known


@pytest.mark.parametrize("fraud", ["CONFIRMED", "RECONFIRMED", "INTERNAL"])
def test_h_fraud_closes_identifier_changes_filling_included(fraud):
    known = state(1, fraud=fraud, mobile=MOBILE)
    assert refusal({"mobile": MOBILE, "email": EMAIL}, known) == Code.FRAUD
    assert match_item({"mobile": MOBILE}, known).state is known


@pytest.mark.parametrize("fraud", ["NONE", "NOT_FRAUD", "MARKED"])
def test_other_fraud_statuses_block_nothing(fraud):
    assert match_item({"mobile": MOBILE, "email": EMAIL}, state(1, fraud=fraud, mobile=MOBILE)).identifiers == {"email": EMAIL}


def test_external_id_alone_is_1008_where_it_is_switched_off():
    policy = Policy(uses_external_id=False)
    assert refusal({"external_id": "E"}, policy=policy) == Code.EXTERNAL_ID_NOT_ALLOWED
    assert refusal({"external_id": "E"}, policy=policy, may_create=False) == Code.UNKNOWN_IDENTIFIER


def test_external_id_beside_another_is_ignored_where_it_is_switched_off():
    plan = match_item({"mobile": MOBILE, "external_id": "E"}, policy=Policy(uses_external_id=False))
    assert (plan.identifiers, plan.notices) == ({"mobile": MOBILE}, (Notice(Code.IDENTIFIER_NOT_UPDATED, x="External ID"),))


def test_exclusive_kinds_follow_the_policy():
    assert [is_exclusive(kind, Policy()) for kind in ("mobile", "email", "external_id")] == [True, True, True]
    assert is_exclusive("email", Policy(email_unique=False)) is False
    assert is_exclusive("email", Policy(email_unique=False, primary="email")) is True
    assert [is_exclusive(kind, Policy(dual_eligibility=True)) for kind in ("mobile", "email", "external_id")] == [
        True,
        False,
        False,
    ]


def refused_new(kinds: set[str], policy: Policy, customer_type: str = "LOYALTY") -> int | None:
    try:
        check_new(customer_type, kinds, policy)
    except LoyaltyError as error:
        return int(error.code)
    return None


ALL_REQUIRED = Policy(mobile_required=True, email_required=True, external_id_required=True)
PRIMARY_ONLY = Policy(any_identifier=False)


@pytest.mark.parametrize(
    ("kinds", "policy", "code"),
    [
        ({"mobile"}, Policy(), None),
        ({"email"}, Policy(), None),
        ({"email"}, PRIMARY_ONLY, 1019),
        ({"external_id"}, PRIMARY_ONLY, 1006),
        ({"email", "external_id"}, PRIMARY_ONLY, 1006),
        ({"mobile", "external_id"}, Policy(any_identifier=False, primary="email"), 1039),
        ({"mobile", "email"}, Policy(any_identifier=False, primary="external_id"), 1043),
        ({"email", "external_id"}, Policy(primary_required=True), 1006),
        ({"mobile"}, Policy(email_required=True), 1039),
        ({"mobile"}, Policy(external_id_required=True), 1043),
        ({"email"}, Policy(mobile_required=True, primary="email"), 1006),
        ({"email"}, Policy(mobile_required=True), None),  # not applicable to the primary
        ({"mobile", "email", "external_id"}, ALL_REQUIRED, None),
    ],
)
def test_registration_needs_the_identifiers_of_the_policy(kinds, policy, code):
    assert refused_new(kinds, policy) == code


def test_mandatory_identifiers_do_not_bind_the_non_loyal():
    assert refused_new({"mobile"}, ALL_REQUIRED, "NON_LOYALTY") is None
    assert refused_new({"external_id"}, Policy(), "NON_LOYALTY") == 1045
    assert refused_new({"external_id"}, Policy(), "NOT_INTERESTED") is None


@pytest.mark.parametrize(
    ("kinds", "policy", "code"),
    [
        ({"mobile"}, Policy(email_required=True), 1048),
        ({"mobile"}, Policy(external_id_required=True), 1049),
        ({"email"}, Policy(mobile_required=True, primary="email"), 1006),
        ({"mobile", "email"}, Policy(email_required=True), None),
    ],
)
def test_conversion_has_codes_of_its_own(kinds, policy, code):
    if code is None:
        check_conversion(kinds, policy)
        return
    with pytest.raises(LoyaltyError) as caught:
        check_conversion(kinds, policy)
    assert caught.value.code == code
