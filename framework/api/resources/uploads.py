"""The calls of the tus server as the API describes them; their views are the room `uploads`'s, below this one."""

from collections.abc import Callable, Mapping
from typing import Any

from framework.api.calls import Call, Header
from framework.uploads.tus import protocol, views

SPOKEN = {"Tus-Resumable": Header(f"The protocol's version: {protocol.VERSION}.")}
CHECKSUM = {
    "Upload-Checksum": Header(
        f"{', '.join(protocol.ALGORITHMS)}: one of these, a space, the digest in base64.", required=False
    )
}
PROGRESS = {"Upload-Offset": "How many bytes have arrived.", "Upload-Expires": "Until when the upload is kept."}
HARM = (409, 410, 460)
"""What can become of bytes: they do not go on where the upload is, it has expired, they were damaged."""

UPLOAD_CALLS: Mapping[Callable[..., Any], Call] = {
    views.describe_server: Call(
        {204: None},
        tells={
            "Tus-Version": "The versions that are spoken here.",
            "Tus-Extension": "The extensions of the protocol.",
            "Tus-Max-Size": "How many bytes a file may have.",
            "Tus-Checksum-Algorithm": "What a checksum may be made by.",
        },
    ),
    views.create: Call(
        {201: None},
        needs="write",
        media=protocol.MEDIA_TYPE,
        headers={
            **SPOKEN,
            "Upload-Length": Header("The file's size in bytes."),
            "Upload-Metadata": Header(
                "Keys with values in base64, separated by commas; filename is used in refusals.", required=False
            ),
            **CHECKSUM,
        },
        tells={"Location": "The upload's address; its end is the id that a commit takes.", **PROGRESS},
        refusals=(400, 412, 413, *HARM),
    ),
    views.look: Call(
        {200: None},
        needs="write",
        headers=SPOKEN,
        tells={**PROGRESS, "Upload-Length": "The file's size in bytes."},
        refusals=(410, 412),
    ),
    views.append: Call(
        {204: None},
        needs="write",
        media=protocol.MEDIA_TYPE,
        headers={**SPOKEN, "Upload-Offset": Header("Where the bytes begin: how many have arrived before."), **CHECKSUM},
        tells=PROGRESS,
        refusals=(400, 412, 413, 415, *HARM),
    ),
    views.end: Call({204: None}, needs="write", headers=SPOKEN, refusals=(410, 412)),
}
