"""Configuration of the embedded server: a small machine, safe against power cuts, local access only, no data in its log."""

from collections.abc import Iterable
from pathlib import Path

from loyalty_project.embedded_postgres.paths import PORT

SETTINGS = {
    # Nothing that was acknowledged is ever lost.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Reachable by the socket only, never by the network.
    "listen_addresses": "",
    "port": PORT,
    "unix_socket_permissions": "0700",
    # Room for the pools of a few processes on a small machine.
    "max_connections": "100",
    "shared_buffers": "160MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    # The same day and the same messages everywhere.
    "timezone": "UTC",
    "log_timezone": "UTC",
    "datestyle": "ISO, YMD",
    "lc_messages": "C",
    # Statements, their values and the details of errors have personal data: none of them is logged.
    "log_statement": "none",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
    "log_autovacuum_min_duration": "-1",
}
IDENTITY_MAP = "embedded"


def server_configuration(*, socket_folder: Path, client_rules: Path, user_map: Path) -> str:
    """The text of postgresql.conf. Values of ALTER SYSTEM take precedence."""
    # A list of folders in double quotes, inside a string in single quotes.
    socket_folders = '"{}"'.format(str(socket_folder).replace('"', '""'))
    paths = {"unix_socket_directories": socket_folders, "hba_file": str(client_rules), "ident_file": str(user_map)}
    return "".join(f"{name} = {_quoted(value)}\n" for name, value in {**SETTINGS, **paths}.items())


def client_rules() -> str:
    """The text of pg_hba.conf: authentication by the operating system, without passwords."""
    return f"local all all peer map={IDENTITY_MAP}\n"


def user_map(users: Iterable[str]) -> str:
    """The text of pg_ident.conf: only these users of the machine may log in."""
    lines = ['{} "{}" all\n'.format(IDENTITY_MAP, user.replace('"', '""')) for user in users]
    return "".join(lines)


def _quoted(value: str) -> str:
    return "'{}'".format(value.replace("\\", "\\\\").replace("'", "''"))
