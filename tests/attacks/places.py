"""Rows of every model of the back office in three places: the own store, another store, and another organization."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import Model

from customers.cards.models import Card
from customers.duplicates.models import DuplicateCandidate
from customers.erasure.models import Erasure
from customers.groups.models import UserGroup
from customers.identifiers.models import Identifier
from customers.identity_requests.models import IdentityRequest
from customers.merging.models import Merge
from customers.outbox.models import OutboxMessage
from customers.profile.models import Customer
from customers.segments.models import Segment
from customers.statuses.models import CustomerStatus
from engagement.adjustments.models import PointsAdjustment
from engagement.bills.models import Bill
from engagement.coupons.models import CodeRun, Coupon, CouponSeries
from engagement.events.models import DeferredEvent
from engagement.interactions.models import Interaction, Notification
from engagement.notes.models import Note
from engagement.points.expiry import Expiry
from engagement.points.models import ExpiringPoints, PointsAccount, PointsEntry, PointsLot
from engagement.programs.models import Membership, Program
from engagement.recommendations.models import ItemPair, Recommendation
from engagement.redemptions.models import Redemption
from engagement.rehearsal.models import Rehearsal
from loyalty_project import clock
from organizations.audit.models import AuditEntry
from organizations.audit.services import Change, record_changes
from organizations.card_series.models import CardSeries
from organizations.credentials.models import ApiClient
from organizations.fields.models import FieldDefinition
from organizations.idempotency.models import IdempotencyKey
from organizations.imports.models import ImportRun, UploadedFile
from organizations.locations.models import Concept, Store, Till, Zone
from organizations.source_accounts.models import SourceAccount
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from referrals.campaigns.models import ReferralCampaign
from referrals.invitations.models import Invitation
from referrals.links.models import ReferralLink
from referrals.referral_codes.models import ReferralCode
from referrals.referral_codes.services import ensure_codes
from referrals.rewards.models import Reward
from subscriptions.models import ConsentChange
from tests.back_office import register
from tests.factories.adjustments import adjust
from tests.factories.bills import BillFactory
from tests.factories.cards import CardFactory, CardSeriesFactory
from tests.factories.consents import ConsentChangeFactory
from tests.factories.coupons import hold, open_series
from tests.factories.credentials import ApiClientFactory
from tests.factories.events import DeferredEventFactory
from tests.factories.fields import FieldFactory
from tests.factories.groups import UserGroupFactory
from tests.factories.identity_requests import ask, staff
from tests.factories.interactions import InteractionFactory, NotificationFactory
from tests.factories.locations import ConceptFactory, StoreFactory, TillFactory, ZoneFactory, till_actor
from tests.factories.messages import OutboxMessageFactory
from tests.factories.notes import NoteFactory
from tests.factories.organizations import OrganizationFactory
from tests.factories.points import facts, give_points
from tests.factories.recommendations import ItemPairFactory, RecommendationFactory
from tests.factories.redemptions import redeem
from tests.factories.referrals import open_campaign
from tests.factories.segments import SegmentFactory
from tests.factories.staff import StaffMemberFactory
from tests.factories.statuses import CustomerStatusFactory
from tests.factories.tickets import TicketChoiceFactory, TicketFactory
from tests.factories.webhooks import DeliveryFactory, EndpointFactory
from tickets.choices.models import TicketChoice
from tickets.ticket.models import Ticket
from use_cases.erasure import erase_customer
from use_cases.merging import merge_customers
from webhooks.deliveries.models import Delivery
from webhooks.endpoints.models import Endpoint

# Models of which each row belongs to a store, directly or by its customer. Rows of the others belong to the organization.
OF_A_STORE: Final = frozenset(
    {
        "apiclient", "bill", "card", "coupon", "consentchange", "customer", "duplicatecandidate", "erasure", "expiringpoints",
        "identityrequest", "interaction", "membership", "merge", "note", "notification", "outboxmessage", "pointsaccount",
        "pointsadjustment", "pointsentry", "pointslot", "recommendation", "redemption", "store", "ticket", "till",
    }
)  # fmt: skip
ROLES: Final = tuple(StaffMember.Role.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A store with a row of each model. `twin` is another customer, `inherited` an identifier that came by a merge.

    `marks` are texts that only its customers have.
    """

    name: str
    till: Till
    twin: Customer
    inherited: Identifier
    rows: Mapping[type[Model], Model]
    marks: tuple[str, ...]

    @property
    def customer(self) -> Customer:
        """The customer that the other rows belong to."""
        customer = self.rows[Customer]
        assert isinstance(customer, Customer)
        return customer


def open_places(organization: Organization) -> dict[str, Place]:
    """The three places: "own", "elsewhere" (another store) and "foreign" (another organization)."""
    foreign = OrganizationFactory(code="foreign", with_program=True)
    stores = {
        "own": StoreFactory(organization=organization, code="own"),
        "elsewhere": StoreFactory(organization=organization, code="elsewhere"),
        "foreign": StoreFactory(organization=foreign, code="foreign"),
    }
    places = {name: _furnish(name, store, number) for number, (name, store) in enumerate(stores.items(), start=1)}
    for owner in (organization, foreign):
        # From now on, so that the rows above needed no proof.
        owner.identity_verification = {"mandatory": ["firstname"], "otp": True}
        # A role with the limit 0 does not adjust points, whatever its permission.
        owner.flags = {**owner.flags, "ADJUSTMENT_LIMIT_STORE_STAFF": 100}
        owner.save(update_fields=["identity_verification", "flags"])
    return places


def _furnish(name: str, store: Store, number: int) -> Place:
    organization = store.organization
    till = TillFactory(store=store, code=f"{name}.till1")
    with organization_scope(organization), transaction.atomic():
        person = register(
            till,
            firstname=f"Marked{name}",
            lastname="Person",
            mobile=f"98123000{number}1",
            email=f"marked.{name}@example.com",
            external_id=f"MARK-{name}",
        )
        points = _rows_of_points(person, till)
        twin = register(till, firstname=f"Marked{name}", lastname="Twin", mobile=f"98123000{number}2")
        victim = register(till, firstname=f"Marked{name}", lastname="Victim", mobile=f"98123000{number}3")
        leaver = register(till, firstname="Leaver", mobile=f"98123000{number}4")
        by = staff(organization)
        merge = merge_customers(survivor=person.pk, victim=victim.pk, by=by, reason="The same person").merge
        card = CardFactory(
            series=CardSeriesFactory(organization=organization, code=f"S{number}"), number=f"MARKED{number}", customer=person
        )
        rows = {
            **_rows_of_organization(name, organization, till),
            **points,
            Customer: person,
            Card: card,
            CardSeries: card.series,
            Store: store,
            Till: till,
            ApiClient: ApiClientFactory(till=till),
            IdentityRequest: ask(till, "mobile", f"98123000{number}1", f"98123000{number}2"),
            Merge: merge,
            DuplicateCandidate: DuplicateCandidate.objects.create(
                organization=organization, first=person, second=twin, evidence=["CARD"], found_on=clock.now()
            ),
            ConsentChange: ConsentChangeFactory(customer=person),
            DeferredEvent: DeferredEventFactory(customer=person),
            Erasure: erase_customer(leaver.pk, basis=f"Marked{name}", by=by),
            Note: NoteFactory(customer=person),
            Interaction: InteractionFactory(customer=person),
            Notification: NotificationFactory(customer=person),
            OutboxMessage: OutboxMessageFactory(customer=person),
            Ticket: TicketFactory(customer=person, till=till),
        }
        inherited = Identifier.objects.get(customer=person, state=Identifier.State.MERGED)
    marks = (f"Marked{name}", f"marked.{name}", f"MARK-{name}", f"MARKED{number}")
    return Place(name=name, till=till, twin=twin, inherited=inherited, rows=rows, marks=marks)


def _rows_of_points(person: Customer, till: Till) -> dict[type[Model], Model]:
    membership = Membership.objects.select_related("program").get(customer=person)
    account = PointsAccount.objects.get(customer=person)
    give_points(account, 50, facts=facts(store=till.store, till=till))
    give_points(account, 20, expiry=Expiry(on=clock.now().date() + timedelta(days=9)))
    adjustment = adjust(account, 5, by=f"adjuster{account.pk}")
    assert adjustment.entry is not None
    return {
        **_rows_of_referrals(person, till),
        Coupon: hold(person, open_series(person.organization, f"OF{person.pk}"), by=till_actor(till)),
        Program: membership.program,
        Membership: membership,
        PointsAccount: account,
        ExpiringPoints: ExpiringPoints.objects.get(pk=account.pk),
        PointsAdjustment: adjustment,
        PointsEntry: adjustment.entry,
        PointsLot: PointsLot.objects.filter(account=account).earliest("pk"),
        Recommendation: RecommendationFactory(customer=person),
        Redemption: redeem(person, membership.program, 10, "2026-01-05 12:00:00", till=till),
        Bill: BillFactory(till=till, customer=person, with_line=True),
    }


def _rows_of_referrals(person: Customer, till: Till) -> dict[type[Model], Model]:
    """A friend of the person, invited and registered; the reward is held for review."""
    current = open_campaign(person.organization, f"OF{person.pk}", default=False)
    name = f"Marked{till.store.code}"
    ensure_codes([person.pk], campaign_id=current.campaign.pk, policy=person.organization.policy, now=clock.now())
    now = clock.now()
    invitation = Invitation.objects.create(
        organization=person.organization, campaign=current.campaign, customer=person, channel="EMAIL",
        identifier=f"friend.{name.lower()}@example.com", name=f"{name} Friend", invited_at=now, recorded_at=now,
        made_by=f"till:{till.code}",
    )  # fmt: skip
    code = ReferralCode.objects.get(customer=person).code
    own = person.identifiers.get(kind="email").value
    friend = register(till, firstname=name, lastname="Friend", email=own.replace("@", "+2@"), referral_code=code)
    return {
        ReferralCampaign: current.campaign,
        Invitation: invitation,
        ReferralLink: ReferralLink.objects.get(referee=friend),
        Reward: Reward.objects.get(link__referee=friend),
    }


def _rows_of_organization(name: str, organization: Organization, till: Till) -> dict[type[Model], Model]:
    now = clock.now()
    record_changes([Change(action="changed", object_type="store", object_id=till.store_id)], by=till_actor(till))
    return {
        Organization: organization,
        CouponSeries: (series := open_series(organization, f"SERIES-{name}").series),
        CodeRun: CodeRun.objects.create(
            organization=organization, series=series, wanted=9, requested_at=now, requested_by="staff:x"
        ),
        Rehearsal: Rehearsal.objects.create(
            organization=organization,
            program=Program.objects.filter(organization=organization)[0],
            draft={},
            days=90,
            requested_at=now,
            requested_by="staff:x",
        ),
        ItemPair: ItemPairFactory(organization=organization),
        Zone: ZoneFactory(organization=organization),
        Concept: ConceptFactory(organization=organization),
        FieldDefinition: FieldFactory(organization=organization),
        SourceAccount: SourceAccount.objects.create(organization=organization, source="WECHAT", account=name),
        StaffMember: StaffMemberFactory(organization=organization, role="auditor", username=f"staff.{name}"),
        AuditEntry: AuditEntry.objects.latest("pk"),
        ImportRun: ImportRun.objects.create(organization=organization, command="import_x", filename=name, started_at=now),
        UploadedFile: UploadedFile.objects.create(
            organization=organization,
            command="import_customers",
            filename=name,
            size=0,
            columns=["mobile"],
            mapped=["mobile"],
            uploaded_at=now,
            uploaded_by="staff:asha",
        ),
        IdempotencyKey: IdempotencyKey.objects.create(
            organization=organization, credential=f"till:{till.code}", action="customer/add", key=name, content="",
            first_used_at=now, last_used_at=now,
        ),
        Segment: SegmentFactory(organization=organization),
        UserGroup: UserGroupFactory(organization=organization),
        CustomerStatus: CustomerStatusFactory(organization=organization),
        Endpoint: (endpoint := EndpointFactory(organization=organization)),
        Delivery: DeliveryFactory(endpoint=endpoint, event__kind="webhook.test", event__customer_id=None),
        TicketChoice: TicketChoiceFactory(organization=organization),
    }  # fmt: skip


def fingerprint() -> dict[str, str]:
    """A digest of every table's rows, without sessions and log-ins."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if not name.startswith(("django_", "axes_"))]
        digest = "SELECT '{0}', md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {0} AS t"
        cursor.execute(" UNION ALL ".join(map(digest.format, tables)))
        return dict(cursor.fetchall())
