"""A volume that is lost, read from the other ones and the parity file."""

import io

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any, Sequence

#: Bytes that are XORed at once.
XOR_AT_ONCE = 1 << 16


class Xored(io.RawIOBase):
    """
    All *streams*, XORed; a stream that ends early has zeros behind it.

    The parity file is the XOR of all volumes, so the XOR of it and all volumes but one is that one.

    :param size: bytes that it has.
    """

    def __init__(self, streams: "Sequence[IO[bytes]]", size: int) -> None:
        self.streams = streams
        self.size = size
        self.position = 0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that it can be read from any position."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Return the new position."""
        self.position = offset + (0, self.position, self.size)[whence]
        return self.position

    def readinto(self, buffer: "Any") -> int:
        """Return how many bytes were read into *buffer*."""
        length, total = max(0, min(len(buffer), self.size - self.position)), 0
        for stream in self.streams:
            stream.seek(self.position)
            total ^= int.from_bytes(stream.read(length).ljust(length, b"\0"), "little")
        buffer[:length] = total.to_bytes(length, "little")
        self.position += length
        return length

    def close(self) -> None:
        """Close all streams."""
        for stream in self.streams:
            stream.close()
        super().close()


def rebuilt(streams: "Sequence[IO[bytes]]", size: int) -> "IO[bytes]":
    """
    Return the volume that is lost, open for reading.

    :param streams: the other volumes and the parity file.
    :param size: bytes of the volume.
    """
    return io.BufferedReader(Xored(streams, size), XOR_AT_ONCE)
