"""Protocol without HTTP, shared by rules and the wire: codes, errors, outcomes, sections, values, moments, numbers."""
