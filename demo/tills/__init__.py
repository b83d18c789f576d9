"""A made-up trading day at tills, as a client of a running server: it speaks HTTP and knows no database."""
