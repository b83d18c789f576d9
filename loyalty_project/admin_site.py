"""Where is the back office? One admin site, in Unfold's dress."""

from unfold.sites import UnfoldAdminSite


class BackOffice(UnfoldAdminSite):
    """The staff's workplace."""

    site_header = site_title = "Regulars"
    index_title = "Back office"
