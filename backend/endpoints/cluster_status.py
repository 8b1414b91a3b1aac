"""The status of all Pods, for the page's panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.cluster_status import House
from backend.context import context
from backend.openapi import Endpoints
from service_runtime.responses import json_bytes

if TYPE_CHECKING:
    from flask import Response

routes = Endpoints("cluster_status")


@routes.serves("GET", "/api/house", "The whole house: its Pods, its visitors, its memory.", House)
def house() -> Response:
    return json_bytes(context().cluster_status.read())
