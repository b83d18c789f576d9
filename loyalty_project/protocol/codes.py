"""Codes of the protocol with their sentences; both are constants of the wire (docs/protocol.md 5).

Clients compare the sentences, so that they stay as the protocol has them, another company's name in 1088 included.
400 and 500 have the literals of the status block (docs/protocol.md 1.5, 7). `Transport` has the codes outside the 118.
"""

from enum import IntEnum, unique
from typing import Self


class CodeTable(IntEnum):
    """Base of the tables of codes: numbers, each with its sentence."""

    sentence: str

    def __new__(cls, value: int, sentence: str) -> Self:
        member = int.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member


@unique
class Code(CodeTable):
    """Codes of items, warnings and whole requests, in ascending order."""

    INVALID_INPUT = 400, "Input is invalid, Please check request parameters or input xml/json"
    ALL_FAILED = 500, "All requests have failed due to errors"
    FRAUD = 618, "Not allowed - customer is marked as fraud."
    CUSTOMER_NOT_FOUND_FOR_POINTS = 816, "Customer not found for organization."
    DONE = 1000, "Customer registered successfully."
    INVALID_MOBILE = 1001, "Unable to register. Invalid mobile number."
    INVALID_EMAIL = 1002, "Unable to register. Invalid email ID."
    INVALID_EXTERNAL_ID = 1003, "Unable to register. Invalid external ID."
    STORE_NOT_POPULATED = 1004, "Failed to populate store."
    MOBILE_REQUIRED = 1006, "Unable to register. Mobile number is required."
    NO_IDENTIFIER = (
        1007,
        "Unable to register customer. No valid primary identifier (mobile number, email ID, or external ID) passed.",
    )
    EXTERNAL_ID_NOT_ALLOWED = 1008, "Unable to register with external ID."
    REFERRAL_NOT_LINKED = 1009, "Unable to add registered customer to MLM."
    POINTS_NOT_UPDATED = 1010, "Unable to update loyalty points of the customer."
    UNKNOWN_ID = 1011, "Cannot find customer for provided identifier."
    UNKNOWN_IDENTIFIER = 1012, "Cannot find customer with the provided mobile number, external ID, or email ID."
    NOT_LOYALTY = 1013, "Customer is not registered for the loyalty program."
    ALREADY_REGISTERED = 1014, "Customer is already registered."
    IDENTIFIER_MISSING = 1015, "No identifier provided to get loyalty users."
    EMAIL_TAKEN = 1016, "Unable to register. Email ID already exists for another user."
    INVALID_CUSTOM_FIELD = 1017, "Provided custom field is invalid."
    CUSTOM_FIELD_NOT_SAVED = 1018, "Unable to update custom field."
    MORE_THAN_EMAIL_REQUIRED = 1019, "Mobile number or external ID is required along with the email ID to register."
    NOT_IN_PROGRAM = 1020, "Customer is not registered for the loyalty program."
    INVALID_VALIDATION_CODE = 1021, "Invalid validation code."
    ENROLMENT_FAILED = 1023, "Unable to register customer to loyalty program."
    PROFILE_NOT_UPDATED = 1024, "Unable to update customer profile."
    VERIFICATION_MANDATORY_MISMATCH = 1025, "Mandatory fields do not match for customer identity update."
    VERIFICATION_TOO_FEW_MATCHES = 1026, "Count of optional fields matched is less than required."
    VERIFICATION_UNKNOWN_FIELD = 1027, "Field name provided for verification is invalid."
    NO_NOTES = 1028, "No customer notes are available."
    PREFERENCES_NOT_READ = 1029, "Unable to retrieve customer preferences."
    PREFERENCES_NOT_SAVED = 1030, "Unable to update customer preferences."
    NO_PREFERENCES = 1031, "No preferences set for this customer."
    MOBILE_TAKEN = 1032, "A customer already exists with the same mobile number."
    EXTERNAL_ID_TAKEN = 1033, "A customer already exists with the same external ID."
    REGISTRATION_DATE_OUT_OF_LIMITS = (
        1034,
        "Unable to register. Registration date is not within the allowed past or future date limit.",
    )
    SOME_PREFERENCES_NOT_SAVED = 1035, "Unable to update some customer preferences."
    SOME_NOTES_NOT_SAVED = 1036, "One or more notes could not be added or updated for the customer."
    NOTES_NOT_SAVED = 1037, "Unable to add or update customer notes."
    EXTERNAL_ID_FAILED = 1038, "Unable to register with external ID."
    EMAIL_REQUIRED = 1039, "Unable to register. Email ID is required."
    IDENTITY_CHANGE_REQUESTED = 1040, "Customer id change request has submitted successfully"
    IDENTITY_CHANGE_FAILED = 1041, "Customer ID change request failed."
    MALFORMED_IDENTIFIER = 1042, "Invalid mobile number, email ID, or external ID."
    EXTERNAL_ID_REQUIRED = 1043, "Unable to register. Customer’s external ID is required."
    NOT_PERMITTED = 1044, "You do not have sufficient permission to view customer details."
    NON_LOYALTY_NEEDS_MOBILE_OR_EMAIL = 1045, "No valid identifier (mobile or email) passed for non-loyalty customer."
    LOYALTY_CANNOT_BE_LEFT = 1046, "Conversion of loyalty customer to non-loyalty is not allowed."
    PRIMARY_MISMATCH = 1047, "Customer's primary identifier does not match other identifiers."
    CONVERSION_NEEDS_EMAIL = 1048, "Customer’s email ID is required to convert to a loyalty customer."
    CONVERSION_NEEDS_EXTERNAL_ID = 1049, "Customer’s external ID is required to convert to a loyalty customer."
    NO_ROWS = 1051, "No transactions or recommendations found for the customer."
    TRANSACTIONS_FETCHED = 1052, "Transactions fetched successfully"
    PREFERRED_STORE_NOT_FOUND = 1053, "Preferred store specified is not found."
    BATCH_LIMIT_EXCEEDED = 1060, "Batch limit exceeded."
    RECOMMENDATIONS_FETCHED = 1061, "Customer recommendations fetched successfully"
    INVALID_TEST_CONTROL_STATUS = 1062, "Invalid test and control status."
    POINTS_DATABASE_ERROR = 1086, "Points processing failed."
    POINTS_NOT_REPRESENTABLE = 1087, "Points processing failed."
    POINTS_RULE_MISSING = 1088, "Unable to issue points. Please report to Capillary Support."
    POINTS_TIMEOUT = 1089, "Points processing failed."
    POINTS_LOCKED = 1090, "Points processing failed."
    POINTS_ACCOUNT_MISSING = 1091, "Points processing failed."
    TIER_EVALUATION_FAILED = 1092, "Points processing failed."
    EXPIRY_NOT_COMPUTED = 1093, "Points processing failed."
    EVENTS_WAITING = 1094, "Points processing failed."
    PROGRAM_INACTIVE = 1095, "Points processing failed."
    POINTS_MERGE_FAILED = 1096, "Points processing failed."
    POINTS_CAPPED = 1097, "Points processing failed."
    PROGRAM_PAUSED = 1098, "Points processing failed."
    TRACKERS_FAILED = 1099, "Points processing failed."
    INVALID_CHANNEL = 1101, "Invalid channel type."
    INVALID_PRIORITY = 1102, "Invalid priority type."
    INVALID_SCOPE = 1103, "Invalid scope."
    SUBSCRIPTION_IDENTIFIER_INVALID = 1104, "Invalid identifier or no identifier passed."
    SEVERAL_SCOPES = 1105, "Multiple scopes are not allowed."
    INVALID_SUBSCRIPTION_STATUS = 1106, "Invalid subscription status passed."
    INVALID_CAMPAIGN_ID = 1107, "Invalid campaign ID passed."
    INVALID_OUTBOX_ID = 1108, "Invalid outbox ID passed."
    SUBSCRIPTION_FAILED = 1109, "Unable to add, update, or fetch subscription details."
    SUBSCRIPTION_NOT_UPDATED = 1110, "Unable to update subscription details."
    INVALID_STORE_ID = 1150, "Invalid store ID passed."
    UNKNOWN_CAMPAIGN_TOKEN = 1202, "Invalid campaign token."
    CAMPAIGN_NOT_USABLE = 1203, "Invalid campaign configured."
    NOT_ELIGIBLE_FOR_REFERRAL = 1204, "Customer may not be eligible for the referral program."
    REFERRER_NOT_IN_CAMPAIGN = 1205, "Unable to find the referrer in the specified campaign."
    REFERRAL_TYPE_NOT_SUPPORTED = 1206, "Failed to add referral. Referral type is not supported."
    REFERRAL_SYSTEM_ERROR = 1222, "Internal error occurred with the referral system."
    TICKET_DONE = 1300, "Ticket retrieved successfully"
    TICKET_SUBJECT_EXISTS = 1301, "A ticket already exists with the same subject."
    TICKET_FAILED = 1302, "Ticket registration failed."
    TICKET_SUBJECT_BLANK = 1303, "Ticket subject must not be empty."
    COUNTRY_NOT_CONFIGURED = 8014, "Unable to register. Country configuration is missing or invalid."
    CHANGE_REQUEST_PENDING = (
        9028,
        "Unable to update identity. A change request for the same identifier and new value is already pending.",
    )
    ADD_FAILED = 10001, "Failed to add customer."
    UPDATE_FAILED = 10002, "Failed to update customer details."
    POINTS_UNAVAILABLE = 91001, "Failed to get point details."
    SUBSCRIPTIONS_UNAVAILABLE = 91002, "Failed to get subscription details."
    VALIDATION_FAILED = 91003, "Validation failed."
    SEGMENTS_UNAVAILABLE = 91004, "Failed to get segmentation details."
    PRIMARY_NOT_UPDATED = 91005, "{x} is a primary key. {y} cannot be updated."
    IDENTIFIER_NOT_UPDATED = 91006, "{x} update is not allowed."
    IDENTIFIER_OCCUPIED = 91007, "{x} is already occupied by another user. Ignoring it."
    SURVIVOR_RETRIEVED = 91009, "Retrieved survivor account for the requested merge victim."
    NO_DOWNGRADE_STRATEGY = 91010, "Downgrade strategy is not configured."
    LOWEST_TIER = 91011, "Customer is already in the lowest slab."
    HIGHEST_TIER = 91012, "Customer is already in the highest slab."
    UPGRADE_CRITERIA_FAILED = 91013, "Call to Points Engine for tier upgrade criteria failed: {x}."
    RENEWAL_CRITERIA_FAILED = 91014, "Call to Points Engine for tier renewal criteria failed: {x}."
    EXTENDED_FIELD_NOT_SAVED = 91015, "Failed to update extended fields or field length is too long: {x}."
    NO_WECHAT_PROFILE = 91016, "WeChat profile is not available for the customer."
    NO_WEB_ENGAGE_PROFILE = 91017, "Web Engage profile is not available for the customer."
    WECHAT_NOTIFICATIONS_FAILED = 91018, "Unable to load WeChat notifications."
    WEB_ENGAGE_NOTIFICATIONS_FAILED = 91019, "Unable to load Web Engage notifications."
    INVALID_REGISTRATION_TILL = 91020, "Invalid TILL passed for registration."
    INVALID_ATTRIBUTION_TILL = 91021, "Invalid attribution TILL passed."
    SUBSCRIPTION_PAIR_NOT_SAVED = 91022, "Failed to update subscription for {x} channel and priority {y}."


@unique
class Transport(CodeTable):
    """Codes of the request level that are not among the 118 (docs/protocol.md 1.6)."""

    SUCCESS = 200, "Success"
    PARTIAL = 201, "Some requests have failed due to errors"
    UNAUTHORIZED = 401, "Please check your username/password or authentication token"
    VERSION_UNSUPPORTED = 402, "Unsupported version for resource"
    NOT_FOUND = 404, "Incorrect resource"
    METHOD_NOT_ALLOWED = 405, "Incorrect HTTP method"
    UNSUPPORTED_OPERATION = 406, "Operation unsupported"
    UNKNOWN_ERROR = 407, "Unknown error during processing"
    UNSUPPORTED_MEDIA_TYPE = 415, "Unsupported media type"
    RATE_LIMITED = 429, "Too many requests, please retry later"
    SEARCH_BUSY = 461, "Search is busy, please retry later"
    BUSY = 521, "Another action is running for this customer"
    ACCESS_DENIED = 4000, "Not authorized. Access is denied!"
    AUTHORISATION_UNAVAILABLE = 4001, "Authorisation service is unavailable"
    CUSTOMER_ERASED = 8109, "Customer is deleted after PII delete request"


# Technical failures: nothing was done, and the same call may succeed later (docs/protocol.md 1.10).
TECHNICAL: frozenset[int] = frozenset({500, 521, 1038, *range(1086, 1100), 1109, 1110, 10001, 10002})
