"""The pages for people, and what stands in them: prose, links, blocks of shell."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]+)\)")
_SHELL = re.compile(r"(?:^<!-- (.*?) -->\n)?^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Shell:
    """A block of shell, and what the comment above it says of running it."""

    line: int
    text: str
    mark: str

    @property
    def commands(self) -> list[str]:
        """One a line, without comments, continued lines joined."""
        lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in self.text.replace("\\\n", " ").splitlines())
        return [line for line in lines if line]


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of Markdown, its fenced blocks apart."""

    root: Path
    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(self.root).as_posix()

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        return FENCE.sub("", self.text)

    @property
    def code(self) -> list[str]:
        """What stands in backticks within the prose."""
        return CODE.findall(self.prose)

    @property
    def links(self) -> list[tuple[str, str]]:
        """Text and target of each link that leads to a file of the project."""
        found = [(match[1], match[2]) for match in _LINK.finditer(self.prose)]
        return [(text, target) for text, target in found if not re.match(r"[a-z]+:", target)]

    @property
    def shells(self) -> list[Shell]:
        """The blocks of shell."""
        text = self.text
        return [
            Shell(line=text.count("\n", 0, match.start(2)), text=match[2], mark=match[1] or "")
            for match in _SHELL.finditer(text)
        ]

    @property
    def words(self) -> Iterator[str]:
        """What stands in backticks or in a block of shell, word by word."""
        for code in self.code:
            yield from code.split()
        for shell in self.shells:
            yield from shell.text.split()

    def target(self, link: str) -> Path:
        """The file that a link leads to."""
        file = link.partition("#")[0]
        return (self.path.parent / file).resolve() if file else self.path


def pages(root: Path) -> list[Page]:
    """The pages for people."""
    files = [*root.glob("*.md"), *(root / "docs").rglob("*.md")]
    return [Page(root=root, path=path) for path in sorted(files)]
