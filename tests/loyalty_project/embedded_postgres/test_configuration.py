from pathlib import Path

from loyalty_project.embedded_postgres.configuration import client_rules, server_configuration, user_map


def test_nothing_acknowledged_is_lost_and_nothing_listens_on_the_network() -> None:
    text = server_configuration(socket_folder=Path("/s"), client_rules=Path("/r"), user_map=Path("/u"))

    for line in ["fsync = 'on'", "synchronous_commit = 'on'", "full_page_writes = 'on'", "listen_addresses = ''"]:
        assert line in text.splitlines()


def test_paths_are_quoted_for_postgresql() -> None:
    text = server_configuration(socket_folder=Path('/a"b'), client_rules=Path("/it's"), user_map=Path("/back\\slash"))

    assert 'unix_socket_directories = \'"/a""b"\'' in text
    assert "hba_file = '/it''s'" in text
    assert "ident_file = '/back\\\\slash'" in text


def test_named_users_alone_are_let_in() -> None:
    assert client_rules() == "local all all peer map=embedded\n"
    assert user_map(["root", 'wi"erd']) == 'embedded "root" all\nembedded "wi""erd" all\n'
