"""Keeps uploads in memory, and of what is too large no more than shows that it is.

Django would put larger files into a folder for temporary ones, where an identity document has no business.
"""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

MOST_A_FILE = 10 * 1024 * 1024 + 1  # bytes; one more than any form accepts, so that it says "too large"
MOST_A_REQUEST = 4 * MOST_A_FILE


class BoundedMemoryHandler(FileUploadHandler):
    """Of each file the first MOST_A_FILE bytes, of all together MOST_A_REQUEST; the rest is read and dropped. A file
    of which something was dropped is as large as MOST_A_FILE at least, for whoever asks for its size."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.kept = 0

    def new_file(self, *arguments: Any, **options: Any) -> None:
        super().new_file(*arguments, **options)
        self.file = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        room = min(MOST_A_FILE - self.file.tell(), MOST_A_REQUEST - self.kept)
        self.kept += self.file.write(raw_data[: max(room, 0)])

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self.file.seek(0)
        return InMemoryUploadedFile(
            file=self.file,
            field_name=self.field_name,
            name=self.file_name or "",
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )
