"""A network that loses every tenth answer: nothing happens twice, nothing that was acknowledged is lost.

Half of the tills send a call again until it is answered, the other half never does.
"""

import os
from collections import Counter
from collections.abc import Callable

import pytest

from tests.killing import Served
from tests.proofs.history import History, Outcome, judge
from tests.proofs.load import Load, open_customers, read_all
from tests.proofs.proxy import cutting_proxy
from tests.proofs.shop import FULL, Shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SEED = int(os.environ.get("REGULARS_SEED") or 20260501)
TILLS, STEPS = (12, 250) if FULL else (4, 20)


def test_lost_answers_lose_and_repeat_nothing(server: Served, shop: Shop, prove_ledger: Callable[[], None]) -> None:
    customers, history = open_customers(shop, 12 if FULL else 4), History()
    with cutting_proxy(server.address, every=10) as proxy:
        load = Load(shop=Shop(proxy.address), customers=customers, history=history, seed=SEED, may_give_up=True)
        load.run(tills=TILLS, steps=STEPS)
    outcomes = Counter(entry.outcome for entry in history.entries)
    repeats = sum(entry.attempts - 1 for entry in history.entries)
    context = f"REGULARS_SEED={SEED}: {proxy.cut} answers lost, {dict(outcomes)}, {repeats} repeats"
    assert judge(history.entries, read_all(shop, customers)) == [], context
    assert len(history.entries) == TILLS * STEPS
    assert {entry.code for entry in history.entries if entry.outcome is Outcome.REFUSED} <= {818, 633}, context
    assert repeats + outcomes[Outcome.UNKNOWN] >= proxy.cut >= TILLS * STEPS // 10, context
    prove_ledger()
