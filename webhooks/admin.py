"""Back-office pages of webhooks, by noun. Django finds them here."""

import webhooks.deliveries.admin
import webhooks.endpoints.admin.endpoint  # noqa: F401 - importing registers the pages
