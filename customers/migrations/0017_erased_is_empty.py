"""Names, fields and reasons of erased customers stay empty.

Tills work on meanwhile: the constraint is added without a look at the rows, which are then checked without a lock against writes.
"""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models

CONSTRAINT = models.CheckConstraint(
    name="customer_erased_is_empty",
    condition=models.Q(erased_at=None)
    | models.Q(
        firstname="",
        lastname="",
        field_values={},
        comm_channels=[],
        image_url="",
        fraud_reason="",
        status_reason="",
    ),
)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("customers", "0016_erasure")]

    operations = [
        AddConstraintNotValid("customer", CONSTRAINT),
        ValidateConstraint("customer", "customer_erased_is_empty"),
    ]
