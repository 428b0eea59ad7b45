"""What the addresses of lists ask for."""

from collections.abc import Mapping

from framework.admin.lists import ListRequest
from framework.web.paging import page_number

LONGEST_TEXT = 200


def read_list_request(parameters: Mapping[str, str]) -> ListRequest:
    """The search, the choice, the order and the page that an address names."""
    text = parameters.get("q", "").replace("\0", "").strip()[:LONGEST_TEXT]
    return ListRequest(text, parameters.get("state", ""), parameters.get("order", ""), page_number(parameters))
