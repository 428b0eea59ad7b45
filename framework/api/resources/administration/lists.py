"""What the administrators' lists of people and projects are asked for."""

from collections.abc import Mapping
from dataclasses import replace

from flask import request

from framework.admin.lists import ListRequest, Orders, States
from framework.admin.requests import read_list_request
from framework.api.paging import PAGE_NUMBER, page_number
from framework.api.resources.administration.access import refuse_unknown


def describe_list(search: str, states: States, orders: Orders) -> dict[str, str]:
    """The parameters of such a list, whose `q` looks into `search`, in the words of the description."""
    return {
        "q": f"Only those with this text in {search}, in any case.",
        "state": f"Only some of them: {_name(states)}.",
        "order": f"{orders[''][0]} without it, otherwise {_name(orders)}.",
        **PAGE_NUMBER,
    }


def read_list(states: States, orders: Orders) -> ListRequest:
    """What is asked for.

    Raises:
        BadFilter, BadPage.
    """
    for name, known in (("state", states), ("order", orders)):
        refuse_unknown(name, known, f"one of {_name(known)}")
    return replace(read_list_request(request.args), page=page_number())


def _name(known: Mapping[str, object]) -> str:
    return ", ".join(f"`{word}`" for word in known if word)
