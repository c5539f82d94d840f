"""`request-otp` and `auth-with-otp` of an auth collection."""

from __future__ import annotations

from tenfold.api.auth import PATH, auth_collection, caller, form, sign_in_response
from tenfold.api.http import Request, Response, Route
from tenfold.api.responses import shaped_json
from tenfold.auth import Auth, auth_with_otp, request_otp


def routes(auth: Auth) -> list[Route]:
    """The routes of one-time passwords."""

    async def ask(request: Request) -> Response:
        collection = auth_collection(auth, request)
        otp_id = await request_otp(auth, collection, await form(request))
        return shaped_json(request, {"otpId": otp_id})

    async def sign_in(request: Request) -> Response:
        collection = auth_collection(auth, request)
        who = await caller(request, "otp")
        return sign_in_response(await auth_with_otp(auth, collection, who))

    return [
        Route("POST", PATH + "request-otp", ask, tags=("requestOTP",)),
        Route("POST", PATH + "auth-with-otp", sign_in, tags=("authWithOTP", "auth")),
    ]
