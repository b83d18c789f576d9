import os
from pathlib import Path

from loyalty_project.embedded_postgres.paths import SOCKET, Places


def test_the_socket_is_beside_the_data_if_its_path_is_short() -> None:
    assert Places(Path("/srv/loyalty/postgres")).socket_folder == Path("/srv/loyalty/postgres/socket")


def test_socket_of_a_long_path_is_short_and_differs_for_each_path() -> None:
    deep = Path("/srv") / ("d" * 90)
    folders = [deep / "a" / "postgres", deep / "b" / "postgres", Path("/srv") / ("é" * 45) / "postgres"]

    sockets = {Places(folder).socket_folder for folder in folders}

    assert len(sockets) == 3
    for socket in sockets:
        assert socket.parent == Path("/tmp")
        assert len(os.fsencode(socket / SOCKET)) < 104


def test_socket_folder_has_no_comma_which_libpq_takes_for_a_second_host() -> None:
    assert "," not in str(Places(Path("/srv/a,b/postgres")).socket_folder)


def test_link_leads_to_the_folder_that_holds_the_files(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "postgres").symlink_to(tmp_path / "far")
    places = Places(tmp_path / "postgres")

    assert places.data == tmp_path / "far" / "data"
    assert places.lock == tmp_path / "postgres.lock"
