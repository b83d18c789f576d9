"""The OpenAPI 3.1 description of the API: what descriptions are made of, how they become one document, and its pages."""
