"""How much is read of what others control: bytes, seconds and counts, each with its reason."""

from __future__ import annotations

#: Bytes of an index page. The largest pages of PyPI, of projects with a release each night, have about 30 MB.
LARGEST_PAGE = 64 << 20
#: Separators and brackets in a page of JSON: PyPI's largest has some 20 for each of 30,000 files. An empty list takes
#: three bytes on the page and thirty times as many in memory.
MOST_VALUES = 4_000_000
#: The same in a manifest or a report, which have some 40 for each wheel and target.
MOST_FACTS = 8_000_000
#: The same in what ``describe_target.py`` wrote, which has some 2,000.
MOST_OF_A_TARGET = 100_000
#: Bytes of a request from a machine behind the gap, and its requirements. The description of the machine has 90 kB.
LARGEST_REQUEST, MOST_REQUIRED = 1 << 20, 1000
#: Links on one page of HTML; PyPI's largest projects have some 30,000 files.
MOST_LINKS = 200_000
#: Characters of the address at which the links of a page start: joining it with each link takes a time that grows with
#: both.
LONGEST_BASE = 1000

#: Bytes of METADATA; the largest of well-known projects have 2 MB.
LARGEST_METADATA = 16 << 20
#: Fields of METADATA; the largest of well-known projects have 550.
MOST_FIELDS = 10_000
#: Bytes that are fetched in pieces to read METADATA of a wheel. The directory of a wheel of 20,000 members has 2 MB.
LARGEST_PIECES = 32 << 20
#: Bytes of a file whose size no page states: a ZIP archive without the 64-bit extension has no more.
LARGEST_FILE = 4 << 30
#: Bytes of a file of ``[[files]]``: the weights of a large model.
LARGEST_OTHER = 64 << 30
#: Bytes of a manifest or a report: 2 kB for each wheel of a site of 100,000.
LARGEST_DOCUMENT = 256 << 20
#: Bytes of a cache or of a record of our own: 3 kB for each wheel of a site of 100,000.
LARGEST_CACHE = 512 << 20
#: Bytes of a file of requirements, constraints, settings or pins; the largest locks have 2 MB.
LARGEST_INPUT = 16 << 20
#: Bytes of a document in YAML, whose reader takes up to four seconds for them; environments of 600 packages have 30 kB.
LARGEST_ENVIRONMENT = 1 << 16
#: Bytes of a database of advisories as a ZIP archive, and unpacked. 1,000 records take about 1 MB as an archive.
LARGEST_DATABASE, LARGEST_UNPACKED = 256 << 20, 1 << 30
#: Records of such a database, and bytes of one. PyPI has about 30,000; the longest list of versions has 2,100.
MOST_RECORDS, LARGEST_RECORD = 1 << 18, 8 << 20
#: Bytes of an answer that only says "elsewhere" or "no"; a longer one ends its connection.
LARGEST_REFUSAL = 1 << 16

#: Bytes a second that a server must reach, and seconds that it may lag behind that, beside pip's own timeout. Eight
#: connections together need 1 Mbit/s.
LEAST_SPEED, PATIENCE = 1 << 14, 60.0
#: Seconds that are waited at most because a server asks for it (``Retry-After``).
LONGEST_PAUSE = 60.0
#: Redirects that are followed for one request.
MOST_REDIRECTS = 5
#: Members of a compressed body (RFC 1952 allows several).
MOST_MEMBERS = 1000

#: Tags that the name of one wheel may state. Real names state up to about 60.
MOST_TAGS = 1000
#: Files that one file of requirements may include, all together, and how deep.
MOST_FILES, DEEPEST_INCLUDE = 1000, 50
#: Requirements in one requirements file, in one list of a document in TOML, and groups and extras that one leads to.
MOST_REQUESTS, MOST_LISTED, MOST_GROUPS = 20_000, 5_000, 1000
#: Characters of a line of requirements, joined: 200 hashes have 17,000.
LONGEST_LINE = 1 << 16
#: Digits of one number, as in a version: `int` refuses more than 4,300, and no error of it says where.
LONGEST_NUMBER = 300
#: Brackets within brackets in a marker, tables and lists within each other, parts of a dotted key.
DEEPEST = 50

#: Bytes of an sdist, unpacked, and its members. The largest of well-known projects have 500 MB and 20,000.
LARGEST_SOURCE, MOST_SOURCES = 2 << 30, 100_000
#: Bytes of what a build reports.
LARGEST_RESULT = 1 << 20
