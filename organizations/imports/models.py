"""Progress of imports: a row for each run, written with each batch, and its rejected rows until it is finished."""

from django.db import models

from organizations.tenancy.scoping import TenantModel


class ImportRun(TenantModel):
    """One import of one file. An unfinished run is continued when the same import is started again (docs/imports.md)."""

    command = models.CharField(max_length=40)
    filename = models.CharField(max_length=250)
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the file; blank: cannot be continued")
    options = models.CharField(max_length=200, blank=True, help_text="Those that change what the rows come to")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    offset = models.BigIntegerField(default=0, help_text="Bytes, uncompressed, before the next row")
    lines = models.BigIntegerField(default=0, help_text="Lines before the next row")
    created = models.PositiveBigIntegerField(default=0)
    updated = models.PositiveBigIntegerField(default=0)
    unchanged = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    warnings = models.JSONField(default=dict, blank=True, help_text="How often each warning occurred, and on which lines first")
    errors = models.JSONField(default=dict, blank=True, help_text="How often each error occurred, and on which lines first")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "command", "sha256", "options"],
                condition=models.Q(finished_at=None) & ~models.Q(sha256=""),
                name="import_run_unfinished_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.command} {self.filename}"


class RejectedRow(TenantModel):
    """A row that an unfinished run has rejected, kept until the run's error file can be written whole."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="rejected_rows", db_index=False)
    line = models.BigIntegerField(help_text="The line on which the row starts; the header is line 1")
    code = models.PositiveIntegerField()
    message = models.CharField(max_length=300)
    detail = models.TextField(blank=True, default="", help_text="Which column is wrong, what it has, and what is wanted")
    cells = models.TextField(
        help_text="The row as it came (or a list of its cells) as JSON in ASCII, which holds what PostgreSQL's own JSON refuses"
    )

    class Meta:
        ordering = ["line"]
        constraints = [models.UniqueConstraint(fields=["organization", "run", "line"], name="rejected_row_unique")]

    def __str__(self) -> str:
        return f"line {self.line}: {self.code}"
