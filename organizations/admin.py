"""Back-office pages of organizations, by noun. Django finds them here."""

import organizations.audit.admin
import organizations.card_series.admin
import organizations.credentials.admin
import organizations.fields.admin
import organizations.idempotency.admin
import organizations.imports.admin.run
import organizations.imports.admin.uploaded_file
import organizations.locations.admin.concept
import organizations.locations.admin.store
import organizations.locations.admin.till
import organizations.locations.admin.zone
import organizations.source_accounts.admin
import organizations.staff.admin
import organizations.tenancy.admin.organization  # noqa: F401 - importing registers the pages
