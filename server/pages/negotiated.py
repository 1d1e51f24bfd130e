"""Addresses that are a page for browsers and data for others: one address for both."""

from __future__ import annotations

from catchup.server.asgi import Receive, Scope, Send, header
from catchup.server.documents import Document
from catchup.server.negotiate import negotiate_document
from catchup.server.pages.frame import PageRoute


class PageOrDocument:
    """A whole document (ontology, vocab): its page when HTML is wanted, else its RDF."""

    def __init__(self, page: PageRoute, document: Document) -> None:
        self._page = page
        self._document = document

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        offer = negotiate_document(header(scope, b"accept"))
        wants_page = (
            offer is not None and offer.name == "html" and scope["method"] in ("GET", "HEAD")
        )
        await (self._page if wants_page else self._document)(scope, receive, send)
