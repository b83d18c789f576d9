"""Back-office pages of engagement, by noun. Django finds them here."""

import engagement.adjustments.admin.adjustment
import engagement.coupons.admin.coupon
import engagement.coupons.admin.run
import engagement.coupons.admin.series
import engagement.events.admin
import engagement.interactions.admin
import engagement.notes.admin
import engagement.points.admin.account
import engagement.points.admin.entry
import engagement.points.admin.expiring
import engagement.points.admin.lot
import engagement.programs.admin.membership
import engagement.programs.admin.program
import engagement.recommendations.admin
import engagement.redemptions.admin.redemption
import engagement.rehearsal.admin
import engagement.transactions.admin  # noqa: F401 - importing registers the pages
