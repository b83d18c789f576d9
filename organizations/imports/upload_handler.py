"""Handler of uploaded files (FILE_UPLOAD_HANDLERS): the one file of an upload page is streamed to the data folder, bounded."""

import tempfile
from typing import IO, Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from loyalty_project.upload_tickets import MAX_FILE_BYTES, MAX_UPLOAD_BYTES, PARAMETER, is_ticket
from organizations.imports.files import incoming_folder

_TOO_LARGE: Final = "_upload_is_too_large"


def is_too_large(request: HttpRequest) -> bool:
    """True if the request had a larger file than `MAX_FILE_BYTES`, which was dropped."""
    return bool(getattr(request, _TOO_LARGE, False))


class ImportUploadHandler(FileUploadHandler):
    """Keeps the first file of a form whose page gave a ticket; others are skipped. The file is deleted when it is closed."""

    request: Any
    _file: IO[bytes] | None = None
    _size = 0
    _is_wanted = False

    def handle_raw_input(
        self,
        input_data: Any,  # noqa: ARG002 - the base's signature, as are the others
        META: Any,  # noqa: ARG002, N803
        content_length: int,
        boundary: Any,  # noqa: ARG002
        encoding: Any = None,  # noqa: ARG002
    ) -> None:
        """Decide whether a file is wanted at all, by the address and the announced length."""
        self._is_wanted = is_ticket(self.request.GET.get(PARAMETER, ""))
        if self._is_wanted and content_length > MAX_UPLOAD_BYTES:
            self._refuse()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Open the file. Raises `SkipFile` for all but the first."""
        super().new_file(*args, **kwargs)
        if not self._is_wanted:
            raise SkipFile
        self._is_wanted = False
        self._file = tempfile.NamedTemporaryFile(dir=incoming_folder(), suffix=".part")  # noqa: SIM115 - closed with the request

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002 - the base's signature
        """Write the chunk. Raises `SkipFile` above the limit."""
        if self._file is not None:
            self._size += len(raw_data)
            if self._size > MAX_FILE_BYTES:
                self._refuse()
                self.upload_interrupted()
                raise SkipFile
            self._file.write(raw_data)

    def file_complete(self, file_size: int) -> Any:
        """The file, at its begin; None for a file that was skipped."""
        if self._file is None:
            return None
        file, self._file = self._file, None
        file.flush()
        file.seek(0)
        return UploadedFile(file, name=self.file_name, content_type=self.content_type, size=file_size)

    def upload_interrupted(self) -> None:
        """Delete what has arrived."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _refuse(self) -> None:
        self._is_wanted = False
        setattr(self.request, _TOO_LARGE, True)
