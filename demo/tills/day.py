"""A whole trading day: tills in threads of their own, then the check of everything that they did."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import cycle, islice
from threading import Event
from typing import Final

from demo.tills.checks import check_customers
from demo.tills.client import TillClient
from demo.tills.trading import Day, Till

Report = Callable[[float], None]

# Customers that all tills know, for each till.
REGULARS: Final = 2
_REPORT_SECONDS: Final = 0.5


def trade_and_check(day: Day, *, seconds: float, pause: float, report: Report) -> None:
    """Trade for so many seconds, each till with a `pause` of so many seconds on average; then compare all books.

    `report` is called now and then with the seconds that are over. Ctrl-C ends the trading early. All findings are in the day's
    journal.
    """
    accounts = list(islice(cycle(day.shops.tills), day.counters))
    tills = [Till(day, account, counter) for counter, account in enumerate(accounts)]
    closed = Event()
    try:
        for till in tills * REGULARS:
            till.register_regular()
        if day.regulars:
            _trade(tills, closed, seconds=seconds, pause=pause, report=report)
    finally:
        closed.set()
        for till in tills:
            till.close()
    _check(day)


def _trade(tills: list[Till], closed: Event, *, seconds: float, pause: float, report: Report) -> None:
    begun = time.monotonic()

    def keep_trading(till: Till) -> None:
        while not closed.is_set() and time.monotonic() - begun < seconds:
            till.trade()
            closed.wait(till.pause(pause))

    with ThreadPoolExecutor(len(tills)) as pool:
        try:
            trading = [pool.submit(keep_trading, till) for till in tills]
            while wait(trading, timeout=_REPORT_SECONDS).not_done:
                report(time.monotonic() - begun)
        except KeyboardInterrupt:
            pass
        finally:
            closed.set()
    for till_day in trading:
        till_day.result()


def _check(day: Day) -> None:
    client = TillClient(day.url, day.shops.tills[0], day.journal, lose_every=0)
    try:
        check_customers(day.books.customers, client, day.journal)
    finally:
        client.close()
