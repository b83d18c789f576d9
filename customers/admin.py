"""Back-office pages of customers, by noun. Django finds them here."""

import customers.cards.admin
import customers.duplicates.admin
import customers.erasure.admin
import customers.groups.admin
import customers.identity_requests.admin.request
import customers.merging.admin.merge
import customers.outbox.admin
import customers.profile.admin.customer
import customers.segments.admin
import customers.statuses.admin.status  # noqa: F401 - importing registers the pages
