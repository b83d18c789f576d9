"""Factories of zones, concepts, stores and tills; a till's password and its actor."""

import hashlib

from factory import LazyAttribute, SelfAttribute, Sequence, SubFactory

from organizations.audit import actors
from organizations.audit.actors import Actor
from organizations.credentials.hashing import hash_secret, password_digest, sha256_digest
from organizations.locations.models import Concept, Store, Till, Zone
from tests.factories.base import TenantFactory
from tests.factories.organizations import OrganizationFactory

TILL_PASSWORD = "till-secret"


def digest(password: str = TILL_PASSWORD) -> str:
    """What a till sends in place of its password."""
    return hashlib.md5(password.encode()).hexdigest()


def till_actor(till: Till) -> Actor:
    """The till as the actor of a service call."""
    return actors.till_actor(till, till.organization)


class ZoneFactory(TenantFactory):
    class Meta:
        model = Zone

    organization = SubFactory(OrganizationFactory)
    code = Sequence("zone{}".format)
    name = LazyAttribute(lambda zone: zone.code.title())


class ConceptFactory(TenantFactory):
    class Meta:
        model = Concept

    organization = SubFactory(OrganizationFactory)
    code = Sequence("concept{}".format)
    name = LazyAttribute(lambda concept: concept.code.title())


class StoreFactory(TenantFactory):
    class Meta:
        model = Store

    organization = SubFactory(OrganizationFactory, with_program=True)
    code = Sequence("store{}".format)
    name = LazyAttribute(lambda store: f"Store {store.code}")


class TillFactory(TenantFactory):
    """A till that logs in with `password`."""

    class Meta:
        model = Till

    class Params:
        password = TILL_PASSWORD

    organization = SelfAttribute("store.organization")
    store = SubFactory(StoreFactory)
    code = Sequence("till{}".format)
    name = LazyAttribute(lambda till: f"Till {till.code}")
    password_hash = LazyAttribute(lambda till: hash_secret(password_digest(till.password)))
    password_hash_sha256 = LazyAttribute(lambda till: hash_secret(sha256_digest(till.password)))
