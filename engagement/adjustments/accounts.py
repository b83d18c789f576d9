"""The accounts on which staff move points of a customer, with figures of which nothing is due any more."""

from customers.profile.models import Customer
from engagement.points.models import PointsAccount
from engagement.points.settlement import settled_accounts
from engagement.programs.account_key import AccountKey
from organizations.tenancy.models import Organization


def accounts_of(customer: Customer, *, organization: Organization) -> list[PointsAccount]:
    """The customer's accounts in programs that are switched on, that of the default program first.

    What is due is settled first: two queries if nothing is. Call it outside of a transaction that holds locks.
    """
    states = settled_accounts([customer.pk], organization=organization)
    rows = PointsAccount.objects.filter(customer=customer, moved_to=None, program__is_active=True)
    accounts = list(rows.select_related("customer", "program").order_by("-program__is_default", "program__name"))
    for account in accounts:
        # Also right if a lock was not free, and the settlement is not stored.
        account.balance = states[AccountKey(customer.pk, account.program_id)].account.balance
    return accounts


def settle_account(account: PointsAccount, *, organization: Organization) -> None:
    """Settle what is due on the account, whose balance here becomes that of now. Queries and locks as `accounts_of`."""
    state = settled_accounts([account.customer_id], organization=organization).get(
        AccountKey(account.customer_id, account.program_id)
    )
    if state is not None and state.account.pk == account.pk:
        account.balance = state.account.balance
