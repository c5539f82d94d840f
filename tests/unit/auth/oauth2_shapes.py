"""What each provider answers about a user, as its documentation has it, and who that is."""

from __future__ import annotations

import copy
from typing import Any, cast

EMAIL = "m@x.example"

ANSWERS: dict[str, dict[str, Any]] = {
    "google": {"sub": "S", "name": "N", "email": EMAIL, "email_verified": True, "picture": "P"},
    "microsoft": {"id": "I", "displayName": "N", "mail": EMAIL, "userPrincipalName": "U"},
    "yandex": {
        "id": "I",
        "real_name": "N",
        "login": "L",
        "default_email": EMAIL,
        "is_avatar_empty": False,
        "default_avatar_id": "A",
    },
    "facebook": {"id": "I", "name": "N", "email": EMAIL, "picture": {"data": {"url": "P"}}},
    "instagram2": {
        "id": "I",
        "user_id": "U",
        "username": "L",
        "name": "N",
        "profile_picture_url": "P",
    },
    "github": {"id": 12, "login": "L", "name": "N", "email": "public@x.example", "avatar_url": "A"},
    "gitlab": {
        "id": 12,
        "username": "L",
        "name": "N",
        "email": EMAIL,
        "avatar_url": "A",
        "confirmed_at": "2020-01-01T00:00:00Z",
    },
    "bitbucket": {
        "uuid": "I",
        "username": "L",
        "display_name": "N",
        "account_status": "active",
        "links": {"avatar": {"href": "A"}},
    },
    "gitee": {"id": 12, "login": "L", "name": "N", "email": EMAIL, "avatar_url": "A"},
    "gitea": {
        "id": 12,
        "login": "L",
        "full_name": "N",
        "email": "p@x.example",
        "avatar_url": "A",
        "active": True,
    },
    "discord": {
        "id": "I",
        "username": "L",
        "global_name": "N",
        "avatar": "A",
        "email": EMAIL,
        "verified": True,
    },
    "twitter": {
        "data": {
            "id": "I",
            "name": "N",
            "username": "L",
            "profile_image_url": "P",
            "confirmed_email": EMAIL,
        }
    },
    "kakao": {
        "id": 12,
        "properties": {"nickname": "L", "profile_image": "P"},
        "kakao_account": {"email": EMAIL, "is_email_valid": True, "is_email_verified": True},
    },
    "vk": {
        "response": [
            {"id": 12, "first_name": "F", "last_name": "L", "screen_name": "S", "photo_max": "P"}
        ]
    },
    "linear": {
        "data": {
            "viewer": {
                "id": "I",
                "name": "N",
                "displayName": "D",
                "email": EMAIL,
                "avatarUrl": "A",
                "active": True,
            }
        }
    },
    "notion": {
        "bot": {
            "owner": {
                "user": {"id": "I", "name": "N", "avatar_url": "A", "person": {"email": EMAIL}}
            }
        }
    },
    "monday": {
        "data": {
            "me": {
                "id": "I",
                "name": "N",
                "email": EMAIL,
                "photo_small": "P",
                "enabled": True,
                "is_verified": True,
            }
        }
    },
    "lark": {"code": 0, "data": {"name": "N", "union_id": "U", "email": EMAIL, "avatar_url": "A"}},
    "box": {"id": "I", "name": "N", "login": EMAIL, "avatar_url": "A", "status": "active"},
    "spotify": {
        "id": "I",
        "display_name": "N",
        "email": EMAIL,
        "images": [{"url": "P"}, {"url": "Q"}],
    },
    "trakt": {
        "user": {
            "username": "L",
            "name": "N",
            "ids": {"uuid": "I"},
            "images": {"avatar": {"full": "A"}},
        }
    },
    "twitch": {
        "data": [
            {"id": "I", "login": "L", "display_name": "N", "email": EMAIL, "profile_image_url": "P"}
        ]
    },
    "patreon": {
        "data": {
            "id": "I",
            "attributes": {
                "email": EMAIL,
                "is_email_verified": True,
                "full_name": "N",
                "vanity": "V",
                "image_url": "P",
            },
        }
    },
    "strava": {"id": 12, "username": "L", "firstname": "F", "lastname": "N", "profile": "P"},
    "wakatime": {
        "data": {
            "id": "I",
            "email": EMAIL,
            "display_name": "N",
            "username": "L",
            "photo": "P",
            "photo_public": True,
            "is_email_confirmed": True,
        }
    },
    "livechat": {
        "account_id": "I",
        "name": "N",
        "email": EMAIL,
        "email_verified": True,
        "avatar_url": "A",
    },
    "mailcow": {
        "id": "I",
        "email": EMAIL,
        "full_name": "N",
        "username": "l@x.example",
        "active": 1,
    },
    "planningcenter": {
        "data": {"id": "I", "attributes": {"name": "N", "avatar": "A", "status": "active"}}
    },
    "oidc": {
        "sub": "S",
        "name": "N",
        "preferred_username": "L",
        "email": EMAIL,
        "email_verified": True,
        "picture": "P",
    },
}
ANSWERS.update({name: ANSWERS["oidc"] for name in ("oidc2", "oidc3", "apple")})

USERS: dict[str, tuple[str, str, str, str, str]] = {
    "apple": ("S", "", "", EMAIL, ""),
    "google": ("S", "N", "", EMAIL, "P"),
    "microsoft": ("I", "N", "", EMAIL, ""),
    "yandex": ("I", "N", "L", EMAIL, "https://avatars.yandex.net/get-yapic/A/islands-200"),
    "facebook": ("I", "N", "", EMAIL, "P"),
    "instagram2": ("U", "N", "L", "", "P"),
    "github": ("12", "N", "L", EMAIL, "A"),
    "gitlab": ("12", "N", "L", EMAIL, "A"),
    "bitbucket": ("I", "N", "L", EMAIL, "A"),
    "gitee": ("12", "N", "L", EMAIL, "A"),
    "gitea": ("12", "N", "L", EMAIL, "A"),
    "discord": ("I", "N", "L", EMAIL, "https://cdn.discordapp.com/avatars/I/A.png"),
    "twitter": ("I", "N", "L", EMAIL, "P"),
    "kakao": ("12", "", "L", EMAIL, "P"),
    "vk": ("12", "F L", "S", EMAIL, "P"),
    "linear": ("I", "N", "D", EMAIL, "A"),
    "notion": ("I", "N", "", EMAIL, "A"),
    "monday": ("I", "N", "", EMAIL, "P"),
    "lark": ("U", "N", "", "", "A"),
    "box": ("I", "N", "", EMAIL, "A"),
    "spotify": ("I", "N", "", "", "P"),
    "trakt": ("I", "N", "L", "", "A"),
    "twitch": ("I", "N", "L", EMAIL, "P"),
    "patreon": ("I", "N", "V", EMAIL, "P"),
    "strava": ("12", "F N", "L", "", "P"),
    "wakatime": ("I", "N", "L", EMAIL, "P"),
    "livechat": ("I", "N", "", EMAIL, "A"),
    "mailcow": ("I", "N", "l", EMAIL, ""),
    "planningcenter": ("I", "N", "", "", "A"),
    "oidc": ("S", "N", "L", EMAIL, "P"),
    "oidc2": ("S", "N", "L", EMAIL, "P"),
    "oidc3": ("S", "N", "L", EMAIL, "P"),
}
"""Id, name, username, e-mail address and avatar of each answer's user."""

TOKEN_EXTRA = {"vk": {"email": EMAIL}}
EMAILS: dict[str, Any] = {
    "bitbucket": {
        "values": [
            {"email": "s@x.example", "is_primary": False, "is_confirmed": True},
            {"email": EMAIL, "is_primary": True, "is_confirmed": True},
        ]
    }
}
LISTED_EMAILS = [
    {"email": "s@x.example", "primary": False, "verified": True},
    {"email": EMAIL, "primary": True, "verified": True},
]


def without_yes(answer: Any) -> Any:
    """The same answer in which the provider vouches for nothing: each yes is a no."""
    answer = copy.deepcopy(answer)
    if answer is True:
        return False
    if isinstance(answer, dict):
        return {k: without_yes(v) for k, v in cast("dict[str, Any]", answer).items()}
    if isinstance(answer, list):
        return [without_yes(v) for v in cast("list[Any]", answer)]
    return answer
