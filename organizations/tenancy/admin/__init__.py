"""Back-office page of the organization, with the forms of its policies and of identity verification."""
