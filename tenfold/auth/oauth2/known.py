"""All providers, one row each. A new provider is a new row.

Addresses and answers are as the providers document them.
"""

from __future__ import annotations

from tenfold.auth.oauth2.profile import Profile
from tenfold.auth.oauth2.provider import Configured, Provider
from tenfold.schema.auth_options import OAuth2

_OIDC_PROFILE = Profile(
    id="sub",
    username="preferred_username",
    email_proof=("email_verified",),
    avatar="picture",
)
_GRAPH = "https://graph.facebook.com"
_GOOGLE_SCOPE = "https://www.googleapis.com/auth/userinfo"


def _oidc(name: str) -> Provider:
    return Provider(
        name,
        "OIDC",
        scopes=("openid", "email", "profile"),
        profile=_OIDC_PROFILE,
        is_oidc=True,
    )


PROVIDERS: tuple[Provider, ...] = (
    Provider(
        "apple",
        "Apple",
        "https://appleid.apple.com/auth/authorize",
        "https://appleid.apple.com/auth/token",
        scopes=("name", "email"),
        auth_query=(("response_mode", "form_post"),),
        profile=Profile(id="sub", name=(), email_proof=("email_verified",)),
        id_token_only=True,
        is_oidc=True,
        keys_url="https://appleid.apple.com/auth/keys",
        issuers=("https://appleid.apple.com",),
    ),
    Provider(
        "google",
        "Google",
        "https://accounts.google.com/o/oauth2/v2/auth",
        "https://oauth2.googleapis.com/token",
        "https://www.googleapis.com/oauth2/v3/userinfo",
        scopes=(f"{_GOOGLE_SCOPE}.profile", f"{_GOOGLE_SCOPE}.email"),
        profile=Profile(id="sub", email_proof=("email_verified",), avatar="picture"),
    ),
    Provider(
        "microsoft",
        "Microsoft",
        "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        "https://login.microsoftonline.com/common/oauth2/v2.0/token",
        "https://graph.microsoft.com/v1.0/me",
        scopes=("User.Read",),
        profile=Profile(name=("displayName",), email="mail"),
    ),
    Provider(
        "yandex",
        "Yandex",
        "https://oauth.yandex.com/authorize",
        "https://oauth.yandex.com/token",
        "https://login.yandex.ru/info",
        scopes=("login:email", "login:avatar", "login:info"),
        profile=Profile(
            name=("real_name",),
            username="login",
            email="default_email",
            avatar="default_avatar_id",
            avatar_form="https://avatars.yandex.net/get-yapic/{avatar}/islands-200",
            avatar_unless="is_avatar_empty",
        ),
    ),
    Provider(
        "facebook",
        "Facebook",
        "https://www.facebook.com/v3.2/dialog/oauth",
        f"{_GRAPH}/v3.2/oauth/access_token",
        f"{_GRAPH}/me?fields=name,email,picture.type(large)",
        scopes=("email",),
        profile=Profile(avatar="picture.data.url"),
    ),
    Provider(
        "instagram2",
        "Instagram",
        "https://www.instagram.com/oauth/authorize",
        "https://api.instagram.com/oauth/access_token",
        "https://graph.instagram.com/me?fields=id,user_id,username,name,profile_picture_url",
        scopes=("instagram_business_basic",),
        profile=Profile(id="user_id", username="username", email="", avatar="profile_picture_url"),
    ),
    Provider(
        "github",
        "GitHub",
        "https://github.com/login/oauth/authorize",
        "https://github.com/login/oauth/access_token",
        "https://api.github.com/user",
        scopes=("read:user", "user:email"),
        profile=Profile(username="login", email="", avatar="avatar_url"),
        emails="list",
    ),
    Provider(
        "gitlab",
        "GitLab",
        "https://gitlab.com/oauth/authorize",
        "https://gitlab.com/oauth/token",
        "https://gitlab.com/api/v4/user",
        scopes=("read_user",),
        profile=Profile(username="username", email_proof=("confirmed_at",), avatar="avatar_url"),
    ),
    Provider(
        "bitbucket",
        "Bitbucket",
        "https://bitbucket.org/site/oauth2/authorize",
        "https://bitbucket.org/site/oauth2/access_token",
        "https://api.bitbucket.org/2.0/user",
        scopes=("account",),
        pkce=False,
        profile=Profile(
            id="uuid",
            name=("display_name",),
            username="username",
            email="",
            avatar="links.avatar.href",
            demands=(("account_status", "active"),),
        ),
        emails="values",
    ),
    Provider(
        "gitee",
        "Gitee",
        "https://gitee.com/oauth/authorize",
        "https://gitee.com/oauth/token",
        "https://gitee.com/api/v5/user",
        scopes=("user_info", "emails"),
        profile=Profile(username="login", avatar="avatar_url"),
    ),
    Provider(
        "gitea",
        "Gitea/Forgejo",
        "https://gitea.com/login/oauth/authorize",
        "https://gitea.com/login/oauth/access_token",
        "https://gitea.com/api/v1/user",
        scopes=("read:user", "user:email"),
        profile=Profile(
            name=("full_name",),
            username="login",
            email="",
            avatar="avatar_url",
            demands=(("active", True),),
        ),
        emails="list",
    ),
    Provider(
        "discord",
        "Discord",
        "https://discord.com/api/oauth2/authorize",
        "https://discord.com/api/oauth2/token",
        "https://discord.com/api/users/@me",
        scopes=("identify", "email"),
        profile=Profile(
            name=("global_name",),
            fallback_name="username",
            username="username",
            email_proof=("verified",),
            avatar="avatar",
            avatar_form="https://cdn.discordapp.com/avatars/{id}/{avatar}.png",
        ),
    ),
    Provider(
        "twitter",
        "X/Twitter",
        "https://x.com/i/oauth2/authorize",
        "https://api.x.com/2/oauth2/token",
        "https://api.x.com/2/users/me"
        "?user.fields=id,name,username,profile_image_url,confirmed_email",
        scopes=("users.read", "users.email", "tweet.read"),
        profile=Profile(
            id="data.id",
            name=("data.name",),
            username="data.username",
            email="data.confirmed_email",
            avatar="data.profile_image_url",
        ),
    ),
    Provider(
        "kakao",
        "Kakao",
        "https://kauth.kakao.com/oauth/authorize",
        "https://kauth.kakao.com/oauth/token",
        "https://kapi.kakao.com/v2/user/me",
        scopes=("account_email", "profile_nickname", "profile_image"),
        profile=Profile(
            name=(),
            username="properties.nickname",
            email="kakao_account.email",
            email_proof=("kakao_account.is_email_valid", "kakao_account.is_email_verified"),
            avatar="properties.profile_image",
        ),
    ),
    Provider(
        "vk",
        "ВКонтакте",
        "https://oauth.vk.com/authorize",
        "https://oauth.vk.com/access_token",
        "https://api.vk.com/method/users.get?fields=photo_max,screen_name&v=5.131",
        scopes=("email",),
        pkce=False,
        profile=Profile(
            id="response.0.id",
            name=("response.0.first_name", "response.0.last_name"),
            username="response.0.screen_name",
            email="",
            avatar="response.0.photo_max",
        ),
        email_in_token=True,
    ),
    Provider(
        "linear",
        "Linear",
        "https://linear.app/oauth/authorize",
        "https://api.linear.app/oauth/token",
        "https://api.linear.app/graphql",
        scopes=("read",),
        pkce=False,
        query="query Me { viewer { id displayName name email avatarUrl active } }",
        profile=Profile(
            id="data.viewer.id",
            name=("data.viewer.name",),
            username="data.viewer.displayName",
            email="data.viewer.email",
            avatar="data.viewer.avatarUrl",
            demands=(("data.viewer.active", True),),
        ),
    ),
    Provider(
        "notion",
        "Notion",
        "https://api.notion.com/v1/oauth/authorize",
        "https://api.notion.com/v1/oauth/token",
        "https://api.notion.com/v1/users/me",
        headers=(("notion-version", "2022-06-28"),),
        profile=Profile(
            id="bot.owner.user.id",
            name=("bot.owner.user.name",),
            email="bot.owner.user.person.email",
            avatar="bot.owner.user.avatar_url",
        ),
    ),
    Provider(
        "monday",
        "monday.com",
        "https://auth.monday.com/oauth2/authorize",
        "https://auth.monday.com/oauth2/token",
        "https://api.monday.com/v2",
        scopes=("me:read",),
        query="query { me { id enabled name email is_verified photo_small }}",
        profile=Profile(
            id="data.me.id",
            name=("data.me.name",),
            email="data.me.email",
            email_proof=("data.me.is_verified",),
            avatar="data.me.photo_small",
            demands=(("data.me.enabled", True),),
        ),
    ),
    Provider(
        "lark",
        "Lark",
        "https://accounts.feishu.cn/open-apis/authen/v1/authorize",
        "https://open.feishu.cn/open-apis/authen/v2/oauth/token",
        "https://open.feishu.cn/open-apis/authen/v1/user_info",
        profile=Profile(
            id="data.union_id", name=("data.name",), email="", avatar="data.avatar_url"
        ),
    ),
    Provider(
        "box",
        "Box",
        "https://account.box.com/api/oauth2/authorize",
        "https://api.box.com/oauth2/token",
        "https://api.box.com/2.0/users/me",
        scopes=("root_readonly",),
        profile=Profile(email="login", avatar="avatar_url", demands=(("status", "active"),)),
    ),
    Provider(
        "spotify",
        "Spotify",
        "https://accounts.spotify.com/authorize",
        "https://accounts.spotify.com/api/token",
        "https://api.spotify.com/v1/me",
        scopes=("user-read-private",),
        profile=Profile(name=("display_name",), email="", avatar="images.0.url"),
    ),
    Provider(
        "trakt",
        "Trakt",
        "https://trakt.tv/oauth/authorize",
        "https://api.trakt.tv/oauth/token",
        "https://api.trakt.tv/users/settings",
        headers=(
            ("content-type", "application/json"),
            ("trakt-api-key", "{client_id}"),
            ("trakt-api-version", "2"),
        ),
        profile=Profile(
            id="user.ids.uuid",
            name=("user.name",),
            username="user.username",
            email="",
            avatar="user.images.avatar.full",
        ),
    ),
    Provider(
        "twitch",
        "Twitch",
        "https://id.twitch.tv/oauth2/authorize",
        "https://id.twitch.tv/oauth2/token",
        "https://api.twitch.tv/helix/users",
        scopes=("user:read:email",),
        headers=(("client-id", "{client_id}"),),
        profile=Profile(
            id="data.0.id",
            name=("data.0.display_name",),
            username="data.0.login",
            email="data.0.email",
            avatar="data.0.profile_image_url",
        ),
    ),
    Provider(
        "patreon",
        "Patreon",
        "https://www.patreon.com/oauth2/authorize",
        "https://www.patreon.com/api/oauth2/token",
        "https://www.patreon.com/api/oauth2/v2/identity"
        "?fields%5Buser%5D=full_name,email,vanity,image_url,is_email_verified",
        scopes=("identity", "identity[email]"),
        profile=Profile(
            id="data.id",
            name=("data.attributes.full_name",),
            username="data.attributes.vanity",
            email="data.attributes.email",
            email_proof=("data.attributes.is_email_verified",),
            avatar="data.attributes.image_url",
        ),
    ),
    Provider(
        "strava",
        "Strava",
        "https://www.strava.com/oauth/authorize",
        "https://www.strava.com/api/v3/oauth/token",
        "https://www.strava.com/api/v3/athlete",
        scopes=("profile:read_all",),
        profile=Profile(
            name=("firstname", "lastname"), username="username", email="", avatar="profile"
        ),
    ),
    Provider(
        "wakatime",
        "WakaTime",
        "https://wakatime.com/oauth/authorize",
        "https://wakatime.com/oauth/token",
        "https://wakatime.com/api/v1/users/current",
        scopes=("email",),
        profile=Profile(
            id="data.id",
            name=("data.display_name",),
            username="data.username",
            email="data.email",
            email_proof=("data.is_email_confirmed",),
            avatar="data.photo",
            avatar_proof="data.photo_public",
        ),
    ),
    Provider(
        "livechat",
        "LiveChat",
        "https://accounts.livechat.com/",
        "https://accounts.livechat.com/token",
        "https://accounts.livechat.com/v2/accounts/me",
        profile=Profile(id="account_id", email_proof=("email_verified",), avatar="avatar_url"),
    ),
    Provider(
        "mailcow",
        "mailcow",
        scopes=("profile",),
        profile=Profile(name=("full_name",), username="username", demands=(("active", 1),)),
        short_username=True,
    ),
    Provider(
        "planningcenter",
        "Planning Center",
        "https://api.planningcenteronline.com/oauth/authorize",
        "https://api.planningcenteronline.com/oauth/token",
        "https://api.planningcenteronline.com/people/v2/me",
        scopes=("people",),
        profile=Profile(
            id="data.id",
            name=("data.attributes.name",),
            email="",
            avatar="data.attributes.avatar",
            demands=(("data.attributes.status", "active"),),
        ),
    ),
    _oidc("oidc"),
    _oidc("oidc2"),
    _oidc("oidc3"),
)
"""In the order in which they are offered to whoever sets a collection up."""

_BY_NAME = {provider.name: provider for provider in PROVIDERS}


def find_provider(name: str) -> Provider | None:
    """A provider by name."""
    return _BY_NAME.get(name)


def configured(options: OAuth2) -> list[Configured]:
    """The providers of a collection that are known here, in its order."""
    pairs = ((find_provider(own.name), own) for own in options.providers)
    return [Configured(kind, own) for kind, own in pairs if kind is not None]


def find_configured(options: OAuth2, name: str) -> Configured | None:
    """One provider of a collection."""
    return next((found for found in configured(options) if found.name == name), None)
