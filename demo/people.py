"""Who are the customers of the demo? Two thousand invented people, the same at every run, written as a till would send them.

Names are drawn from lists, e-mails stand at example.com. The telephone numbers belong to nobody: North America keeps
555-0100 to 555-0199 free in every area code, Germany and Sweden have ranges for films and books. Some have registered twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from loyalty_project.protocol.values import Item

HOW_MANY: Final = 2_000
SEED: Final = 20_240_229
DAYS: Final = 730

_NORTH_AMERICAN_AREAS: Final = (
    *("902", "782", "506", "709", "418", "514", "438", "416", "647", "437", "613", "604", "778", "236", "250", "403"),
    *("207", "617", "603", "206", "503", "212"),
)
# 555-0100 to 555-0109 stay free for documentation.
NUMBERS: Final = (
    *(f"1{area}55501{number}" for area in _NORTH_AMERICAN_AREAS for number in range(10, 100)),
    *(f"49176040690{number:02}" for number in range(100)),
    *(f"467017406{number:02}" for number in range(5, 100)),
)


Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Names:
    """First and last names that go together. `name=ascii` says what stands for a name in an e-mail address."""

    how_often: int
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
class _Place:
    """Where customers join, and the cities they come from. `source` and `account` are those of customers who join there."""

    till: str
    cities: Sequence[str]
    how_often: int
    source: str = ""
    account: str = ""


_PLACES: Final = (
    _Place("harbour.till1", ("Halifax", "Dartmouth", "Bedford", "Truro"), 22),
    _Place("harbour.till2", ("Halifax", "Dartmouth", "Peggys Cove"), 9),
    _Place("harbour.lunenburg1", ("Lunenburg", "Mahone Bay", "Bridgewater"), 9),
    _Place("harbour.lunenburg2", ("Lunenburg", "Chester"), 4),
    _Place("harbour.quebec1", ("Québec", "Lévis", "Beaupré"), 11),
    _Place("harbour.quebec2", ("Québec", "Trois-Rivières"), 5),
    _Place("harbour.toronto1", ("Toronto", "Mississauga", "Oakville"), 12),
    _Place("harbour.toronto2", ("Toronto", "Hamilton"), 6),
    _Place("harbour.vancouver1", ("Vancouver", "Burnaby", "Victoria"), 10),
    _Place("harbour.vancouver2", ("Vancouver", "Richmond"), 4),
    _Place("harbour.web1", ("Montréal", "Ottawa", "Moncton", "Portland", "Boston"), 14, "WEBSITE", "harbour-shop"),
    _Place("harbour.web1", ("Calgary", "Winnipeg"), 2, "FACEBOOK", "harbour-page"),
    _Place("harbour.app1", ("Halifax", "Toronto", "Vancouver", "Montréal"), 8, "MOBILE_APP", "harbour-app"),
)
_HOBBIES: Final = ("Sailing", "Paddling", "Hiking", "Fishing", "Camping", "Skiing", "Knitting")
# Labels of harbour.yaml, and why customers got them.
_LABELS: Final = (
    ("On hold", "Asked for a pause while they are abroad"),
    ("Under review", "Several returns without a bill"),
    ("Good standing", "Looked into: a shared family account"),
    ("Closed for fraud", "Card used in two provinces on the same day"),
    ("Colleague", "Works at the boathouse"),
)


# How many are in each user group.
_CLUBS: Final = {"PADDLE-CLUB": 23, "TRAIL-CREW": 14, "KNIT-CIRCLE": 9}
_NEWCOMER_DAYS: Final = 60


def demo_items(*, today: date, how_many: int = HOW_MANY) -> list[Item]:
    """The items of `customer/add` that register everybody, over the two years before `today`, first comers first.

    Nothing but the dates varies. Raises ValueError if `how_many` are too few for the user groups, or too many for the numbers.
    """
    random = Random(SEED)  # noqa: S311 - repeatable on purpose
    mobiles = random.sample(NUMBERS, how_many)
    moments = sorted(_moment(today, random) for _ in mobiles)
    items = [_item(number, *both, random) for number, both in enumerate(zip(mobiles, moments, strict=True), start=1)]
    _register_twice(items)
    return items


def _register_twice(items: Sequence[Item]) -> None:
    """Give some latecomers the names of earlier ones, and what tells that they are the same."""
    random = Random(SEED + 2)  # noqa: S311 - repeatable on purpose
    half = len(items) // 2
    earlier, later = random.sample(items[:half], half), random.sample(items[half:], half)
    latecomers = (one for one in later if "mobile" in one)
    for number, first in enumerate([one for one in earlier if "email" in one][:6]):
        name, _, domain = str(first["email"]).partition("@")
        _be_the_same(next(latecomers), first, email=f"{name.replace('.', '') if number % 2 else name + '+shop'}@{domain}")
    for first in [one for one in earlier if str(one.get("mobile", "")).startswith("1902")][:3]:
        # A British premium number, and so nobody's mobile: somebody took the wrong country at the till.
        _be_the_same(next(latecomers), first, mobile="44" + str(first["mobile"]).removeprefix("1"))
    for number, first in enumerate(earlier[-4:], start=1):
        first["commChannels"] = [{"type": "CARD_NUMBER", "value": f"HP-PAPER-{number:04}"}]
        _be_the_same(next(latecomers), first, commChannels=first["commChannels"])


def _be_the_same(latecomer: Item, first: Item, **given: Any) -> None:
    latecomer.pop("email", None)
    latecomer.update(firstname=first["firstname"], lastname=first["lastname"], **given)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a customer belongs: the partition by segment, and the role by user group (as harbour.yaml names them).

    A few have a status, by its label, with the reason; some have a picture.
    """

    partitions: Mapping[str, str]
    roles: Mapping[str, str]
    label: str = ""
    reason: str = ""
    picture: str = ""


def demo_standings(items: Sequence[Item], *, today: date) -> list[Standing]:
    """Where everybody of `demo_items` belongs, in the same order: the newcomers, the good customers, the clubs,
    and those whom staff looked at.
    """
    random = Random(SEED + 1)  # noqa: S311 - repeatable on purpose
    clubs = {club: random.sample(range(len(items)), size) for club, size in _CLUBS.items()}
    return [
        Standing(
            partitions=_partitions(item, today, random),
            roles={club: _role(number, members) for club, members in clubs.items() if number in members},
            picture=f"https://example.com/customers/{number}.jpg" if number % 10 == 0 else "",
            **_judgement(number),
        )
        for number, item in enumerate(items)
    ]


def _partitions(item: Item, today: date, random: Random) -> dict[str, str]:
    if item.get("type") == "NOT_INTERESTED":
        return {}
    days = (today - date.fromisoformat(item["registered_on"][:10])).days
    cycle = "new" if days <= _NEWCOMER_DAYS else random.choices(["active", "lapsing", "lapsed"], [60, 22, 18])[0]
    band = random.choices(["low", "mid", "high", None], [46, 28, 11, 15])[0]
    return {"lifecycle": cycle, **({"spend-band": band} if band else {})}


def _judgement(number: int) -> dict[str, str]:
    if number % 83:
        return {}
    label, reason = _LABELS[number // 83 % len(_LABELS)]
    return {"label": label, "reason": reason}


def _role(number: int, members: Sequence[int]) -> str:
    return "PRIMARY" if number == members[0] else "MEMBER"


def _item(number: int, mobile: str, moment: str, random: Random) -> Item:
    names = random.choices(_NAMES, [one.how_often for one in _NAMES])[0]
    (first, first_ascii), (last, last_ascii) = names.draw(random)
    place = random.choices(_PLACES, [one.how_often for one in _PLACES])[0]
    item: Item = {
        "firstname": first,
        "lastname": last,
        "registered_on": moment,
        "registered_till": place.till,
        "custom_fields": {"field": _custom_fields(random)},
        "extended_fields": {"field": _extended_fields(place, random)},
        "preference_fields": {"field": _preferences(random)},
    }
    has_mobile = random.random() < 0.94
    if has_mobile:
        item["mobile"] = mobile
    if not has_mobile or random.random() < 0.75:
        item["email"] = f"{first_ascii}.{last_ascii}{number}@example.com"
    if random.random() < 0.35:
        item["external_id"] = f"HP-{number:05}"
    if place.source:
        item |= {"source": place.source, "accountId": place.account}
    return item | _standing(place, random)


def _moment(today: date, random: Random) -> str:
    """A moment in opening hours, more often a recent one: the shops are doing well."""
    day = today - timedelta(days=1 + int(DAYS * random.random() ** 1.5))
    return f"{day} {random.randint(9, 20):02}:{random.randint(0, 59):02}:{random.randint(0, 59):02}"


def _standing(place: _Place, random: Random) -> Item:
    """What most customers have none of: another type, a card, a wish not to be called."""
    standing: Item = {}
    kind = random.random()
    if kind > 0.93:
        standing["type"] = "NON_LOYALTY" if kind < 0.98 else "NOT_INTERESTED"
    elif random.random() < 0.07:
        standing["series_code"] = "WALLET" if place.source else "PINE"
    if random.random() < 0.04:
        standing["ndnc_status"] = random.choice(["NDNC", "DND"])
    return standing


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


def _extended_fields(place: _Place, random: Random) -> list[Item]:
    fields = []
    if random.random() < 0.85:
        fields.append(_field("city", random.choice(place.cities)))
    if random.random() < 0.5:
        fields.append(_field("dob", str(date(1946, 1, 1) + timedelta(days=random.randrange(60 * 365)))))
    if random.random() < 0.6:
        speaks_french = random.random() < (0.8 if "quebec" in place.till else 0.15)
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
