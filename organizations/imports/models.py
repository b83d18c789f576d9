"""Imports: files that staff uploaded, runs with their progress, rejected rows, and what a run created."""

from django.db import models

from organizations.tenancy.scoping import TenantModel


class ImportRun(TenantModel):
    """One import of one file. An unfinished run is continued when the same import is started again (docs/imports.md)."""

    command = models.CharField(max_length=40)
    filename = models.CharField(max_length=250)
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the file; blank: cannot be continued")
    options = models.CharField(max_length=200, blank=True, help_text="Those that change what the rows come to")
    started_at = models.DateTimeField()
    started_by = models.CharField(max_length=120, blank=True, default="", help_text="staff:NAME or command:NAME")
    finished_at = models.DateTimeField(null=True, blank=True)
    offset = models.BigIntegerField(default=0, help_text="Bytes, uncompressed, before the next row")
    lines = models.BigIntegerField(default=0, help_text="Lines before the next row")
    created = models.PositiveBigIntegerField(default=0)
    updated = models.PositiveBigIntegerField(default=0)
    unchanged = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    warnings = models.JSONField(default=dict, blank=True, help_text="How often each warning occurred, and on which lines first")
    errors = models.JSONField(default=dict, blank=True, help_text="How often each error occurred, and on which lines first")

    stop_requested_at = models.DateTimeField(null=True, blank=True, help_text="It stops after the batch under way")
    problem = models.CharField(max_length=500, blank=True, default="", help_text="Why it cannot go on")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=120, blank=True, default="")
    undone_reason = models.CharField(max_length=250, blank=True, default="")

    class Meta:
        ordering = ["-pk"]
        verbose_name = "import"
        # Codename and name.
        permissions = [
            ("import_files", "Can import files"),
            ("import_points", "Can import files that move points"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "command", "sha256", "options"],
                condition=models.Q(finished_at=None) & ~models.Q(sha256=""),
                name="import_run_unfinished_once",
            )
        ]

    def __str__(self) -> str:
        return self.filename


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


class CreatedRecord(TenantModel):
    """A record that a run created: what undoing the run takes back. The run's command says what kind of record it is."""

    # Without an index of its own: a row for each row of a file.
    organization = models.ForeignKey("organizations.Organization", on_delete=models.PROTECT, related_name="+", db_index=False)
    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="created_records", db_index=False)
    record_id = models.BigIntegerField()

    class Meta:
        ordering = ["record_id"]
        constraints = [models.UniqueConstraint(fields=["organization", "run", "record_id"], name="created_record_unique")]

    def __str__(self) -> str:
        return f"record {self.record_id}"


class UploadedFile(TenantModel):
    """A file that a member of staff uploaded: its columns as they are read, its preview, and the run that imported it.

    The file lies in the data folder (`organizations.imports.files`) until it is imported, discarded or too old.
    """

    class State(models.TextChoices):
        NEW = "NEW", "columns to be chosen"
        CHECKING = "CHECKING", "being checked"
        CHECKED = "CHECKED", "checked"
        REFUSED = "REFUSED", "cannot be imported"
        IMPORTED = "IMPORTED", "imported"
        DISCARDED = "DISCARDED", "discarded"

    command = models.CharField(max_length=40)
    filename = models.CharField(max_length=250)
    size = models.BigIntegerField(help_text="Bytes")
    sha256 = models.CharField(max_length=64)
    columns = models.JSONField(default=list, help_text="The names in the file's header")
    mapped = models.JSONField(default=list, help_text="For each of them our column, or blank")
    options = models.JSONField(default=dict, help_text="Options of the command, by name")
    state = models.CharField(max_length=9, choices=State, default=State.NEW)
    problem = models.CharField(max_length=500, blank=True, help_text="Why it cannot be imported")
    uploaded_at = models.DateTimeField()
    uploaded_by = models.CharField(max_length=120)
    checked_at = models.DateTimeField(null=True, blank=True)
    created = models.PositiveBigIntegerField(default=0)
    updated = models.PositiveBigIntegerField(default=0)
    unchanged = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    warnings = models.JSONField(default=dict, help_text="As those of a run")
    errors = models.JSONField(default=dict, help_text="As those of a run")
    run = models.OneToOneField(ImportRun, on_delete=models.PROTECT, null=True, blank=True, related_name="file")
    removed_at = models.DateTimeField(null=True, blank=True, help_text="When the file was removed from the data folder")

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["uploaded_at"], condition=models.Q(removed_at=None), name="uploaded_file_kept"),
        ]

    def __str__(self) -> str:
        return self.filename


class ColumnMemory(TenantModel):
    """The columns that an organization has chosen for files of a command: ours by the name in the file, folded."""

    command = models.CharField(max_length=40)
    columns = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "command"], name="column_memory_unique")]

    def __str__(self) -> str:
        return f"columns of {self.command}"
