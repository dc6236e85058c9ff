"""Files that hold numbers and text, and nothing that runs: a header with a checksum, then a zip of arrays and JSON.

    bayesord file, format 1
    sha256 <64 hex digits, of all that follows the header>
    bytes <20 digits>

    PK...                       an ordinary zip file from here on; zip tools skip what stands before

A file is written beside its final place and moved there whole. It is read whole, and its checksum compared, before
anything in it is looked at; what it then holds is checked as if a stranger had sent it.
"""

from bayesord.archive.atomic import check_target
from bayesord.archive.container import Arrays, read_archive, write_archive
from bayesord.archive.lock import Lock
from bayesord.archive.versions import version_of

__all__ = ["Arrays", "Lock", "check_target", "read_archive", "version_of", "write_archive"]
