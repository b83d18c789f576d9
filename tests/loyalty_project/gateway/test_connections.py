import socket

from loyalty_project.gateway.connections import STALLED_MILLISECONDS, end_stalled_connections


def test_connections_inherit_the_limit_of_the_listening_socket() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert end_stalled_connections() >= 1
        with socket.create_connection(listening.getsockname()) as client, listening.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == STALLED_MILLISECONDS
            assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 0
