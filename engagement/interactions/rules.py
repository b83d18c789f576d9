"""Networks and types of interactions, and what each type has. No database (docs/protocol.md 4.13)."""

from typing import Final

# Social networks, and our own channels.
NETWORKS: Final = ("facebook", "twitter", "foursquare", "capillary")
# Networks whose feeds belong to an account of the customer there, each with the source of such accounts.
FEEDS: Final = {"wechat": "WECHAT", "web_engage": "WEB_ENGAGE"}
# What staff call the networks of the wire.
NETWORK_NAMES: Final = {
    "facebook": "Facebook", "twitter": "Twitter", "foursquare": "Foursquare", "capillary": "own channels", "wechat": "WeChat",
    "web_engage": "WebEngage",
}  # fmt: skip
CHECK_IN: Final = "checkin"
SURVEY: Final = "survey"
MESSAGES: Final = frozenset({"email", "emailbulk", "sms", "whatsapp", "zalo", "notification"})
TYPES: Final = (
    "email", "emailbulk", "sms", CHECK_IN, "like", "comment", "mention", "retweet", "tweet", "feedback", SURVEY, "missedcall",
    "whatsapp", "zalo", "notification",
)  # fmt: skip
# Types of which each interaction is printed; of the others the number alone.
LISTED: Final = MESSAGES | {CHECK_IN, SURVEY}
LOWEST_SCORE, HIGHEST_SCORE = 0, 10
LONGEST_NAME: Final = 100
LONGEST_ADDRESS: Final = 250
LONGEST_URL: Final = 500
