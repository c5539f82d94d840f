"""Who listens to what: clients in groups that always see the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tenfold.realtime.clients import ActorKey, Client, Identity
from tenfold.realtime.topics import Subscription
from tenfold.schema.actor import Actor, RequestFacts
from tenfold.schema.collection import Collection, RuleName

GroupKey = tuple[str, ActorKey | None]


class Group:
    """The clients with the same subscription text and the same auth record (or none).

    `receivers` maps each to the position in the change log after which it listens.
    """

    __slots__ = ("_facts", "identity", "receivers", "subscription")

    def __init__(self, subscription: Subscription, identity: Identity | None) -> None:
        self.subscription = subscription
        self.identity = identity
        self.receivers: dict[Client, int] = {}
        self._facts: RequestFacts | None = None

    @property
    def actor(self) -> Actor | None:
        return self.identity.actor if self.identity else None

    @property
    def facts(self) -> RequestFacts:
        """The imagined request that rules are asked about."""
        if self._facts is None or self._facts.actor is not self.actor:
            self._facts = RequestFacts(
                actor=self.actor,
                context="realtime",
                query=self.subscription.query,
                headers=self.subscription.headers,
            )
        return self._facts


class Audience:
    """All subscriptions of one worker's clients, by topic."""

    def __init__(self) -> None:
        self._topics: dict[str, dict[GroupKey, Group]] = {}
        self._held: dict[Client, list[Group]] = {}
        self._identities: dict[ActorKey, Identity] = {}

    @property
    def is_empty(self) -> bool:
        """Whether no change can matter to anybody."""
        return not self._topics and not self._identities

    @property
    def identities(self) -> Iterable[Identity]:
        """Those who are signed in."""
        return list(self._identities.values())

    def identity(self, key: ActorKey) -> Identity | None:
        return self._identities.get(key)

    def set(
        self, client: Client, subscriptions: Iterable[Subscription], actor: Actor | None, seq: int
    ) -> None:
        """Replace a client's subscriptions and who it is.

        What it listened to already goes on without a gap; the rest begins after `seq`.
        """
        before = {g.subscription.text: g.receivers[client] for g in self._held.get(client, ())}
        self.remove(client)
        identity = self._identify(client, actor)
        for subscription in subscriptions:
            self._join(client, subscription, identity, before.get(subscription.text, seq))

    def remove(self, client: Client) -> None:
        """Forget a client."""
        for group in self._held.pop(client, ()):
            self._part(client, group)
        identity = client.identity
        if identity:
            client.identity = None
            identity.clients.discard(client)
            if not identity.clients:
                self._identities.pop(identity.key, None)

    def sign_out(self, client: Client) -> None:
        """Make a client a guest; its subscriptions stay."""
        subscriptions = [group.subscription for group in self._held.get(client, ())]
        self.set(client, subscriptions, None, 0)

    def leave(self, client: Client, topic: str) -> None:
        """Drop a client's subscriptions to one topic."""
        leaving = [g for g in self._held.get(client, ()) if g.subscription.topic == topic]
        for group in leaving:
            self._held[client].remove(group)
            self._part(client, group)

    def groups(self, topic: str) -> list[Group]:
        """The groups that listen to exactly this topic."""
        return list(self._topics.get(topic, {}).values())

    def of_record(self, collection: Collection, record_id: str) -> Iterator[tuple[RuleName, Group]]:
        """The groups a record's change may concern, each with the rule that guards it."""
        for head in (collection.name, collection.id):
            for group in self.groups(f"{head}/{record_id}"):
                yield "view", group
            for topic in (f"{head}/*", head):
                for group in self.groups(topic):
                    yield "list", group

    def listens(self, client: Client, topic: str) -> Group | None:
        """The client's group for a topic, if it listens to it."""
        held = self._held.get(client, ())
        return next((group for group in held if group.subscription.topic == topic), None)

    def _identify(self, client: Client, actor: Actor | None) -> Identity | None:
        if actor is None:
            return None
        key = (actor.record.collection.id, actor.record.id)
        identity = self._identities.get(key)
        if identity is None:
            identity = self._identities[key] = Identity(actor)
        elif actor.record.rev > identity.actor.record.rev:
            identity.actor = actor
        identity.clients.add(client)
        client.identity = identity
        return identity

    def _join(
        self, client: Client, subscription: Subscription, identity: Identity | None, seq: int
    ) -> None:
        groups = self._topics.setdefault(subscription.topic, {})
        key = (subscription.text, identity.key if identity else None)
        group = groups.get(key)
        if group is None:
            group = groups[key] = Group(subscription, identity)
        if client not in group.receivers:
            group.receivers[client] = seq
            self._held.setdefault(client, []).append(group)

    def _part(self, client: Client, group: Group) -> None:
        group.receivers.pop(client, None)
        if group.receivers:
            return
        topic = group.subscription.topic
        groups = self._topics.get(topic, {})
        key = (group.subscription.text, group.identity.key if group.identity else None)
        if groups.get(key) is group:
            del groups[key]
        if not groups:
            self._topics.pop(topic, None)
