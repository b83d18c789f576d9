"""Server processes and the database are killed while tills write: what was acknowledged is there once, and all is settled."""

import time
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from organizations.tenancy.models import Organization
from tests.jobs import wait_until
from tests.proofs.history import History, Outcome, judge
from tests.proofs.load import REFUSALS, Load, open_customers, read_all
from tests.proofs.machine import machine
from tests.proofs.shop import FULL, SEED, Shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# Two kill the whole database and a backend.
CYCLES = 20 if FULL else 2
TILLS, WORKERS = (6, 2) if FULL else (2, 1)
MANY = 1_000_000


def test_killed_processes_lose_and_repeat_nothing(northwind: Organization) -> None:
    random, history = Random(SEED), History()
    with machine(workers=WORKERS) as broken:
        shop = Shop(broken.address)
        customers = open_customers(shop, 12 if FULL else 4)
        load = Load(shop=shop, customers=customers, history=history, seed=SEED)
        with ThreadPoolExecutor(1) as pool:
            trading = pool.submit(load.run, tills=TILLS, steps=MANY)
            try:
                for cycle in range(CYCLES):
                    time.sleep(random.uniform(0.3, 1.0))
                    if cycle % 3 == 1:
                        # First, since the only worker may have no connection for seconds after its death.
                        broken.kill_backend(random)
                        time.sleep(random.uniform(0.1, 0.6))
                        broken.kill_worker(random)
                    else:
                        broken.kill_worker(random)
                        time.sleep(random.uniform(0.1, 0.6))
                        broken.kill_database()
                    broken.wait()
                wait_until(lambda: trading.done() or history.outcomes()[Outcome.ACKNOWLEDGED] > 10 * CYCLES)
            finally:
                load.ended.set()
            trading.result()
        outcomes = history.outcomes()
        repeated = sum(entry.attempts > 1 for entry in history.entries)
        context = f"REGULARS_SEED={SEED}: {dict(outcomes)}, {repeated} sent again"
        assert judge(history.entries, read_all(shop, customers)) == [], context
        assert outcomes[Outcome.UNKNOWN] == 0, context
        assert history.refusals() <= REFUSALS, context
        assert outcomes[Outcome.ACKNOWLEDGED] > 10 * CYCLES, context
        assert repeated >= CYCLES, context
        assert broken.check_ledger(), context
