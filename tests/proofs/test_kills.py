"""Server processes and the database are killed while tills write: what was acknowledged is there once, and all is settled."""

import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from organizations.tenancy.models import Organization
from tests.proofs.history import History, Outcome, judge
from tests.proofs.load import Load, open_customers, read_all
from tests.proofs.machine import machine
from tests.proofs.shop import FULL, Shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SEED = int(os.environ.get("REGULARS_SEED") or 20260501)
CYCLES = 20 if FULL else 1
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
                    broken.kill_worker(random)
                    time.sleep(random.uniform(0.1, 0.6))
                    if cycle % 3 == 1:
                        broken.kill_backend(random)
                    else:
                        broken.kill_database()
                    broken.wait()
                time.sleep(0.5)
            finally:
                load.ended.set()
            trading.result()
        outcomes = Counter(entry.outcome for entry in history.entries)
        repeated = sum(entry.attempts > 1 for entry in history.entries)
        context = f"REGULARS_SEED={SEED}: {dict(outcomes)}, {repeated} sent again"
        assert judge(history.entries, read_all(shop, customers)) == [], context
        assert outcomes[Outcome.UNKNOWN] == 0, context
        assert outcomes[Outcome.ACKNOWLEDGED] > 10 * CYCLES, context
        assert repeated >= CYCLES, context
        assert broken.check_ledger(), context
