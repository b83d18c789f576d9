"""A network that loses every tenth answer: nothing happens twice, nothing that was acknowledged is lost.

Half of the tills send a call again until it is answered, the other half never does.
"""

from collections.abc import Callable

import pytest

from tests.killing import Served
from tests.proofs.history import History, Outcome, judge
from tests.proofs.load import REFUSALS, Load, open_customers, read_all
from tests.proofs.proxy import cutting_proxy
from tests.proofs.shop import FULL, SEED, Shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

TILLS, STEPS = (12, 250) if FULL else (4, 20)


def test_lost_answers_lose_and_repeat_nothing(server: Served, shop: Shop, prove_ledger: Callable[[], None]) -> None:
    customers, history = open_customers(shop, 12 if FULL else 4), History()
    with cutting_proxy(server.address, every=10) as proxy:
        load = Load(shop=Shop(proxy.address), customers=customers, history=history, seed=SEED, may_give_up=True)
        load.run(tills=TILLS, steps=STEPS)
    outcomes = history.outcomes()
    repeats = sum(entry.attempts - 1 for entry in history.entries)
    context = f"REGULARS_SEED={SEED}: {proxy.cut} answers lost, {dict(outcomes)}, {repeats} repeats"
    assert judge(history.entries, read_all(shop, customers)) == [], context
    assert len(history.entries) == TILLS * STEPS
    assert history.refusals() <= REFUSALS, context
    assert repeats + outcomes[Outcome.UNKNOWN] >= proxy.cut >= TILLS * STEPS // 10, context
    prove_ledger()
