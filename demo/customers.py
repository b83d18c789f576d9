"""Customers of the demo: two thousand invented people, the same at every run, as a till would register them.

Names are drawn from lists, e-mail addresses are at example.com. The phone numbers are not in use: North America keeps 555-0100
to 555-0199 free in every area code, Germany and Sweden have ranges for films and books. Some people have registered twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from django.core.management.base import CommandError

from customers.identifiers.models import Identifier
from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from customers.registration.options import RegistrationOptions
from demo.progress import Report, no_report
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.values import Item
from organizations.audit.actors import Actor
from use_cases.registration import Registration, register_all

HOW_MANY: Final = 2_000
# Customers between two reports of progress.
_AT_ONCE: Final = 100
# Customers that are loaded in one transaction.
_SLICE: Final = 200
# A smaller demo would leave user groups empty.
FEWEST: Final = 100
SEED: Final = 20_240_229
DAYS: Final = 730

_NORTH_AMERICAN_AREAS: Final = (
    *("902", "782", "506", "709", "418", "514", "438", "416", "647", "437", "613", "604", "778", "236", "250", "403"),
    *("207", "617", "603", "206", "503", "212"),
)
# 555-0100 to 555-0109 are kept for documentation.
NUMBERS: Final = (
    *(f"1{area}55501{number}" for area in _NORTH_AMERICAN_AREAS for number in range(10, 100)),
    *(f"49176040690{number:02}" for number in range(100)),
    *(f"467017406{number:02}" for number in range(5, 100)),
)


Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Names:
    """First and last names of one language. `name=ascii` gives the name's form in an e-mail address."""

    weight: int
    first: str
    last: str

    def draw(self, random: Random) -> tuple[Name, Name]:
        """A first and a last name, each with its ASCII form."""
        return _ascii(random.choice(self.first.split())), _ascii(random.choice(self.last.split()))


def _ascii(entry: str) -> Name:
    name, _, ascii_form = entry.partition("=")
    return name, ascii_form or name.lower()


_NAMES: Final = (
    _Names(
        30,
        """Nora Isla Callum Maeve Rory Hazel Angus Edith Wallace June Desmond Pearl Silas Ivy Gordon Flora Hugh Winnie Otis
        Beatrix Lachlan Mabel""",
        """Fraser Maclean Boutilier Whynot Sinclair Oakley Penhale Drummond Ashdown Tolliver Merriweather Langille Greenlaw
        Cutler Brisbane O'Leary=oleary Saint-Clair=saintclair""",
    ),
    _Names(
        16,
        """Zoé=zoe Émile=emile Océane=oceane Théo=theo Amélie=amelie Benoît=benoit Noémie=noemie Félix=felix Maude
        Gaétan=gaetan Anne-Sophie=annesophie""",
        """Lévesque=levesque Thériault=theriault Bélanger=belanger Côté=cote Desrosiers Gagné=gagne Lachance Pépin=pepin
        Beausoleil""",
    ),
    _Names(
        8,
        """Jürgen=juergen Käthe=kaethe Søren=soeren Åsa=asa Björn=bjoern Łucja=lucja Zdeněk=zdenek Ingrid Miloš=milos
        Þóra=thora""",
        """Grünwald=gruenwald Sjöberg=sjoeberg Ødegård=oedegaard Wójcik=wojcik Dvořák=dvorak Lindqvist Brückner=brueckner
        Kovač=kovac""",
    ),
    _Names(
        4,
        "Олена=olena Тарас=taras Надія=nadiia Богдан=bohdan Зоя=zoya Михайло=mykhailo",
        "Шевчук=shevchuk Коваль=koval Мельник=melnyk Бондар=bondar Гончар=honchar",
    ),
    _Names(
        3,
        "Ελένη=eleni Νίκος=nikos Σοφία=sofia Γιώργος=giorgos Δάφνη=dafni",
        "Παππάς=pappas Γεωργίου=georgiou Νικολάου=nikolaou Οικονόμου=oikonomou",
    ),
    _Names(
        6,
        "आशा=asha रोहन=rohan मीरा=meera अर्जुन=arjun कविता=kavita विक्रम=vikram",
        "शर्मा=sharma पटेल=patel वर्मा=verma मेहता=mehta जोशी=joshi",
    ),
    _Names(4, "ਹਰਪ੍ਰੀਤ=harpreet ਗੁਰਲੀਨ=gurleen ਜਸਬੀਰ=jasbir ਮਨਜੀਤ=manjit", "ਗਿੱਲ=gill ਸੰਧੂ=sandhu ਧਾਲੀਵਾਲ=dhaliwal"),
    _Names(6, "明=ming 丽华=lihua 志强=zhiqiang 美玲=meiling 小雨=xiaoyu", "王=wang 李=li 陈=chen 林=lin 黄=huang"),
    _Names(4, "민준=minjun 지우=jiwoo 서연=seoyeon 하준=hajun 유나=yuna", "김=kim 박=park 최=choi 정=jung"),
    _Names(4, "さくら=sakura 健太=kenta 陽子=yoko 大輔=daisuke", "佐藤=sato 鈴木=suzuki 高橋=takahashi 田中=tanaka"),
    _Names(
        5,
        "نور=noor يوسف=yousef ليلى=layla كريم=karim هدى=huda",
        "حداد=haddad منصور=mansour الخطيب=alkhatib سليمان=sulaiman",
    ),
    _Names(4, "Thị-Mai=thimai Quân=quan Hoàng=hoang Ngọc=ngoc", "Nguyễn=nguyen Trần=tran Phạm=pham Đặng=dang"),
    _Names(5, "Amara Kwame Ngozi Thabo Adwoa Chidi", "Okafor Mensah Dlamini Boateng Eze"),
    _Names(
        6,
        "Ana-María=anamaria Íñigo=inigo Lucía=lucia João=joao Inês=ines Martín=martin",
        "Ibáñez=ibanez Gonçalves=goncalves Núñez=nunez Araújo=araujo Quintana",
    ),
)


@dataclass(frozen=True, slots=True)
class _Origin:
    """A till where customers register, and their cities. `source` and `account` are those of customers from other sources."""

    till: str
    cities: Sequence[str]
    weight: int
    source: str = ""
    account: str = ""


_ORIGINS: Final = (
    _Origin("harbour.till1", ("Halifax", "Dartmouth", "Bedford", "Truro"), 22),
    _Origin("harbour.till2", ("Halifax", "Dartmouth", "Peggys Cove"), 9),
    _Origin("harbour.lunenburg1", ("Lunenburg", "Mahone Bay", "Bridgewater"), 9),
    _Origin("harbour.lunenburg2", ("Lunenburg", "Chester"), 4),
    _Origin("harbour.quebec1", ("Québec", "Lévis", "Beaupré"), 11),
    _Origin("harbour.quebec2", ("Québec", "Trois-Rivières"), 5),
    _Origin("harbour.toronto1", ("Toronto", "Mississauga", "Oakville"), 12),
    _Origin("harbour.toronto2", ("Toronto", "Hamilton"), 6),
    _Origin("harbour.vancouver1", ("Vancouver", "Burnaby", "Victoria"), 10),
    _Origin("harbour.vancouver2", ("Vancouver", "Richmond"), 4),
    _Origin("harbour.web1", ("Montréal", "Ottawa", "Moncton", "Portland", "Boston"), 14, "WEBSITE", "harbour-shop"),
    _Origin("harbour.web1", ("Calgary", "Winnipeg"), 2, "FACEBOOK", "harbour-page"),
    _Origin("harbour.app1", ("Halifax", "Toronto", "Vancouver", "Montréal"), 8, "MOBILE_APP", "harbour-app"),
)
# One customer in so many has a preferred store.
_PREFERRING: Final = 7
_STORES: Final = ("hfx.waterfront", "lun.king", "qc.petit", "tor.distillery", "van.gastown")
_HOBBIES: Final = ("Sailing", "Paddling", "Hiking", "Fishing", "Camping", "Skiing", "Knitting")


def demo_items(*, today: date, how_many: int = HOW_MANY) -> list[Item]:
    """Items of `customer/add` for all customers, over the two years before `today`, the earliest first.

    Only the dates vary. `how_many` is FEWEST to HOW_MANY.
    """
    random = Random(SEED)  # noqa: S311 - repeatable on purpose
    mobiles = random.sample(NUMBERS, how_many)
    moments = sorted(_moment(today, random) for _ in mobiles)
    items = [
        _item(number, mobile, moment, random)
        for number, (mobile, moment) in enumerate(zip(mobiles, moments, strict=True), start=1)
    ]
    _register_twice(items)
    return items


def demo_slices(items: Sequence[Item]) -> list[list[int]]:
    """Numbers of the items in the slices in which they are loaded. The first has customers of all kinds and all duplicates."""
    twice = {id(item) for pairs in _registered_twice(items) for pair in pairs for item in pair}
    every = max(1, len(items) // _SLICE)
    first = [number for number, item in enumerate(items) if number % every == 0 or id(item) in twice]
    rest = sorted(set(range(len(items))) - set(first))
    return [first, *(rest[start : start + _SLICE] for start in range(0, len(rest), _SLICE))]


def register_demo_customers(items: Sequence[Item], *, by: Actor, report: Report = no_report) -> list[Registration]:
    """Register the items whose identifiers no customer has or had, in the transaction of the caller.

    `report` is called with the number of customers as it grows. Raises CommandError with the code of an item that is refused.
    """
    values = {value for item in items for _, value in _identifiers(item)}
    known = set(Identifier.objects.filter(value__in=values).values_list("kind", "value"))
    missing = [item for item in items if not _identifiers(item) & known]
    context = load_input_context(missing, by=by)
    inputs = [read_customer_input(item, context, action="add") for item in missing]
    registrations: list[Registration] = []
    while len(registrations) < len(inputs):
        report("Registering customers", len(registrations), len(inputs))
        some = inputs[len(registrations) : len(registrations) + _AT_ONCE]
        for result in register_all(some, options=RegistrationOptions(), context=context, by=by):
            if isinstance(result, LoyaltyError):
                raise CommandError(f"A customer of the demo was refused: {result}")
            registrations.append(result)
    report("Registering customers", len(registrations), len(inputs))
    return registrations


def _identifiers(item: Item) -> set[tuple[str, str]]:
    return {(kind, item[kind]) for kind in Identifier.Kind.values if kind in item}


def _registered_twice(
    items: Sequence[Item],
) -> tuple[list[tuple[Item, Item]], list[tuple[Item, Item]], list[tuple[Item, Item]]]:
    """Earlier customers with later ones who are the same person, as e-mail, mobile and card show; before and after they do."""
    random = Random(SEED + 2)  # noqa: S311 - repeatable on purpose
    half = len(items) // 2
    earlier, later = random.sample(items[:half], half), random.sample(items[half:], half)
    duplicates = (item for item in later if "mobile" in item)
    by_email = [item for item in earlier if "email" in item][:6]
    by_mobile = [item for item in earlier if str(item.get("mobile", "")).startswith("1902")][:3]
    return (
        list(zip(by_email, duplicates, strict=False)),
        list(zip(by_mobile, duplicates, strict=False)),
        list(zip(earlier[-4:], duplicates, strict=False)),
    )


def _register_twice(items: Sequence[Item]) -> None:
    """Give some later customers the names of earlier ones, with evidence that the two are one person."""
    by_email, by_mobile, by_card = _registered_twice(items)
    for number, (original, duplicate) in enumerate(by_email):
        name, _, domain = str(original["email"]).partition("@")
        email = f"{name.replace('.', '') if number % 2 else name + '+shop'}@{domain}"
        _make_duplicate(duplicate, original, email=email)
    for original, duplicate in by_mobile:
        # A British premium number, which cannot be a customer's: the cashier chose the wrong country.
        _make_duplicate(duplicate, original, mobile="44" + str(original["mobile"]).removeprefix("1"))
    for number, (original, duplicate) in enumerate(by_card, start=1):
        original["commChannels"] = [{"type": "CARD_NUMBER", "value": f"HP-PAPER-{number:04}"}]
        _make_duplicate(duplicate, original, commChannels=original["commChannels"])


def _make_duplicate(item: Item, original: Item, **evidence: Any) -> None:
    item.pop("email", None)
    item.update(firstname=original["firstname"], lastname=original["lastname"], **evidence)


def _item(number: int, mobile: str, moment: str, random: Random) -> Item:
    names = random.choices(_NAMES, [names.weight for names in _NAMES])[0]
    (first, first_ascii), (last, last_ascii) = names.draw(random)
    origin = random.choices(_ORIGINS, [origin.weight for origin in _ORIGINS])[0]
    item: Item = {
        "firstname": first,
        "lastname": last,
        "registered_on": moment,
        "registered_till": origin.till,
        "custom_fields": {"field": _custom_fields(random)},
        "extended_fields": {"field": _extended_fields(origin, random)},
        "preference_fields": {"field": _preferences(random)},
    }
    if number % _PREFERRING == 0:
        item["preferred_store"] = _STORES[number // _PREFERRING % len(_STORES)]
    has_mobile = random.random() < 0.94
    if has_mobile:
        item["mobile"] = mobile
    if not has_mobile or random.random() < 0.75:
        item["email"] = f"{first_ascii}.{last_ascii}{number}@example.com"
    if random.random() < 0.35:
        item["external_id"] = f"HP-{number:05}"
    if origin.source:
        item |= {"source": origin.source, "accountId": origin.account}
    return item | _rare_properties(origin, random)


def _moment(today: date, random: Random) -> str:
    """A random moment in opening hours; recent ones are more likely, as the shops are growing."""
    day = today - timedelta(days=1 + int(DAYS * random.random() ** 1.5))
    return f"{day} {random.randint(9, 20):02}:{random.randint(0, 59):02}:{random.randint(0, 59):02}"


def _rare_properties(origin: _Origin, random: Random) -> Item:
    """Properties that few customers have: another type, a card, a wish not to be called."""
    properties: Item = {}
    draw = random.random()
    if draw > 0.93:
        properties["type"] = "NON_LOYALTY" if draw < 0.98 else "NOT_INTERESTED"
    elif random.random() < 0.07:
        properties["series_code"] = "WALLET" if origin.source else "PINE"
    if random.random() < 0.04:
        properties["ndnc_status"] = random.choice(["NDNC", "DND"])
    return properties


def _custom_fields(random: Random) -> list[Item]:
    fields = []
    if random.random() < 0.7:
        fields.append(_field("gender", random.choices(["Female", "Male", "Non-binary"], [52, 45, 3])[0]))
    if random.random() < 0.45:
        fields.append(_field("Hobbies", random.sample(_HOBBIES, random.randint(1, 3))))
    if random.random() < 0.3:
        fields.append(_field("Boot size", str(random.randint(35, 47))))
    if random.random() < 0.6:
        fields.append(_field("Newsletter", random.choice(["true", "false"])))
    return fields


def _extended_fields(origin: _Origin, random: Random) -> list[Item]:
    fields = []
    if random.random() < 0.85:
        fields.append(_field("city", random.choice(origin.cities)))
    if random.random() < 0.5:
        fields.append(_field("dob", str(date(1946, 1, 1) + timedelta(days=random.randrange(60 * 365)))))
    if random.random() < 0.6:
        speaks_french = random.random() < (0.8 if "quebec" in origin.till else 0.15)
        fields.append(_field("preferred_language", "fr" if speaks_french else "en"))
    return fields


def _preferences(random: Random) -> list[Item]:
    fields = []
    if random.random() < 0.3:
        fields.append(_field("Favourite season", random.choice(["Spring", "Summer", "Autumn", "Winter"])))
    if random.random() < 0.25:
        fields.append(_field("Favourite colour", random.choice(["Spruce", "Navy", "Rust", "Oat"])))
    return fields


def _field(name: str, value: Any) -> Item:
    return {"name": name, "value": value}
