import subprocess

import pytest
from django.core.management import call_command

from loyalty_project.embedded_postgres.base import DatabaseWrapper
from loyalty_project.embedded_postgres.client import DatabaseClient
from loyalty_project.embedded_postgres.server import Server


def test_psql_is_led_to_the_embedded_server_alone(engine: DatabaseWrapper, server: Server) -> None:
    arguments, environment = DatabaseClient.settings_to_cmd_args_env(engine.settings_dict, ["-c", "SELECT 1"])

    options = ["-U", "loyalty", "-h", str(server.places.socket_folder), "-p", "5432"]
    assert arguments == [str(server.psql()), *options, "-c", "SELECT 1", "shop"]
    assert environment == {"PGREQUIREPEER": server.connection_parameters()["requirepeer"]}


def test_dbshell_starts_the_server_and_speaks_to_it(
    engine: DatabaseWrapper, server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    call_command("dbshell", "--", "-Atc", "SELECT 'hello ' || current_database()")

    assert capfd.readouterr().out == "hello shop\n"
    assert server.is_running()


def test_failure_of_psql_is_passed_on(engine: DatabaseWrapper) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        engine.client.runshell(["-c", "SELECT nonsense"])
