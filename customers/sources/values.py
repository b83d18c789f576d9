"""Names of the sources that customers come from (docs/protocol.md 4.1)."""

from typing import Final

from loyalty_project.protocol.codes import Code

IN_STORE: Final = "INSTORE"
SOURCES: Final = frozenset(
    {
        IN_STORE,
        "FACEBOOK",
        "WEB_ENGAGE",
        "WECHAT",
        "ECOMMERCE",
        "WEBSITE",
        "LINE",
        "MOBILE_APP",
        "TMALL",
        "TAOBAO",
        "JD",
        "OTHERS",
    }
)
# Warning of an answer about a customer who has no profile at the source.
PROFILE_MISSING: Final = {"WECHAT": Code.NO_WECHAT_PROFILE, "WEB_ENGAGE": Code.NO_WEB_ENGAGE_PROFILE}
_ALIASES: Final = {"MARTJACK": "ECOMMERCE"}


def read_source(text: str) -> str | None:
    """The source that the text names, in any case; None without such a source."""
    name = text.strip().upper()
    name = _ALIASES.get(name, name)
    return name if name in SOURCES else None
