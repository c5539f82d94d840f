"""The composition root: settings -> adapters -> use cases -> HTTP.

The only file that knows every room. `build_app` runs inside each worker process, after the
fork; nothing is opened before the gateway's start, on the worker's event loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from tenfold import ui
from tenfold.adapters import mail_by, probe_s3
from tenfold.administration import (
    Asked,
    RateLimiter,
    RequestLog,
    SettingsRoom,
    StoredSettings,
    SuperuserGate,
)
from tenfold.api import auth as auth_routes
from tenfold.api import (
    backups,
    batch,
    crons,
    health,
    hook_routes,
    logs,
    metrics,
    oauth2,
    otp,
    realtime,
    records,
    sql_console,
    static,
)
from tenfold.api import files as file_routes
from tenfold.api import settings as settings_routes
from tenfold.api.addresses import TrustedProxy
from tenfold.api.collections import CollectionRoutes
from tenfold.api.dispatch import Activity, Gateway
from tenfold.api.fast_lane import FastLane
from tenfold.api.headers import Cors
from tenfold.api.http import BodyLimits, Request, Route
from tenfold.auth import (
    AccountRules,
    AppFacts,
    Auth,
    Authenticator,
    Passwords,
    clean_mfas,
    clean_otps,
    send_test_mail,
)
from tenfold.auth.oauth2 import AppleNames, Fetcher, OAuth2Client, OAuth2SignIn, offers
from tenfold.bus import Bus, Counters
from tenfold.bus.local import LocalBus
from tenfold.bus.memory import MemoryBus
from tenfold.collections import (
    CollectionImport,
    CollectionReads,
    CollectionWrites,
    ViewTrial,
)
from tenfold.current_database import CurrentDatabase
from tenfold.databases import database_of
from tenfold.figures import WorkerFigures
from tenfold.files import Files, RecordUploads, Thumbs
from tenfold.hooks import Backend, hooks
from tenfold.jobs import Crons, Jobs, system_crons
from tenfold.mail.current import CurrentMail
from tenfold.mail.log import LogMail
from tenfold.moves import Agent, placed
from tenfold.realtime import Realtime
from tenfold.records import Answers, Presenter, RecordReads, RecordWrites, UnruledRecords
from tenfold.schema.actor import Actor
from tenfold.schema.collection import Collection
from tenfold.settings import Settings
from tenfold.sides import WorkerSides
from tenfold.telemetry.board import Board
from tenfold.upkeep import Upkeep, uploads_folder

JOB_GRACE_S = 5.0
"""How much longer than a hook's own limit its job may take, to write down how it ended."""


def build_app(
    settings: Settings, started_at: float | None = None, board: Board | None = None
) -> Gateway:
    """The service of one worker process; for `started_at` see Upkeep.

    `board` is what the workers show each other their figures on.
    """
    return App(settings, started_at, board).gateway


class App:
    """Every part of a worker, wired."""

    def __init__(
        self, settings: Settings, started_at: float | None = None, board: Board | None = None
    ) -> None:
        # A move may have happened since the service was started.
        self.settings = settings = placed(settings)
        first = database_of(settings)
        self.database = CurrentDatabase(first)
        self.store = self.database.store
        self.room = SettingsRoom(self.store, settings.encryption_key)
        self.answers = Answers(settings.worker_cache_bytes)
        self.authenticator = Authenticator(self.store)
        self.log = RequestLog(settings.dir, self.room)
        self.gate = SuperuserGate(self.room)
        self.counters = Counters(settings.dir if settings.worker_count > 1 else None)
        self.limiter = RateLimiter(self.room, self.counters)
        self.presenter = Presenter(hooks)
        self.reads = RecordReads(self.store, self.presenter)
        job_store = self.database.jobs
        self.crons = Crons(job_store)
        self.upkeep = Upkeep(settings, self.room, self.store, job_store, self.crons, started_at)
        self.blobs = self.upkeep.blobs
        self.sides = WorkerSides(settings, self.database, self.upkeep)
        self.agent = Agent(settings.dir, self.sides)
        self.files = Files(self.store, self.blobs, Thumbs(self.blobs))
        self.passwords = Passwords(settings.password_threads)
        self.figures = WorkerFigures(
            settings, board, store=self.store, answers=self.answers, passwords=self.passwords
        )
        self.rules = AccountRules(self.passwords)
        self.writes = RecordWrites(
            self.store, hooks, files=RecordUploads(self.blobs), auth=self.rules
        )
        self.collections = CollectionRoutes(
            CollectionReads(self.store),
            CollectionWrites(self.writes, RecordUploads(self.blobs)),
            CollectionImport(self.store, RecordUploads(self.blobs)),
            ViewTrial(self.store),
        )
        self.mail = CurrentMail(LogMail())
        self.auth = Auth(
            store=self.store,
            writes=self.writes,
            presenter=self.presenter,
            passwords=self.passwords,
            rules=self.rules,
            hooks=hooks,
            mail=self.mail,
            app=self._facts,
            hit=self.counters.hit,
            admit_superuser=self.gate.check,
        )
        self.bus: Bus = LocalBus(settings.dir) if settings.worker_count > 1 else MemoryBus()
        self.realtime = Realtime(
            self.store,
            self.bus,
            partial(self.presenter.render, self.store),
            is_personal=lambda collection: hooks.has("view", collection),
            idle_s=settings.idle_timeout_s,
        )
        self.fetcher = Fetcher()
        self.oauth2 = OAuth2SignIn(self.auth, OAuth2Client(self.fetcher), AppleNames(self.bus))
        self.jobs = Jobs(job_store, self.bus)
        self._load_hooks()
        self._add_system_crons()
        self.gateway = self._gateway()

    def _load_hooks(self) -> None:
        hooks.limit_s = self.settings.hook_timeout_s
        hooks.load(self.settings.hooks_folder)
        for cron in hooks.crons:
            self.crons.add(cron.id, cron.expression, cron.run)
        for job in hooks.jobs:
            self.jobs.register(
                job.name,
                job.run,
                attempts=job.attempts,
                limit=job.limit,
                timeout_s=job.timeout_s + JOB_GRACE_S,
            )

    def _add_system_crons(self) -> None:
        system_crons(
            self.crons,
            optimize=self._optimize,
            cleanup_mfas=partial(clean_mfas, self.auth),
            cleanup_otps=partial(clean_otps, self.auth),
            cleanup_logs=self.log.clean,
        )

    async def _optimize(self) -> None:
        await self.store.optimize()
        await self.upkeep.sweep()

    def _gateway(self) -> Gateway:
        cors = Cors(self.settings.origins)
        lane = FastLane(
            self.store,
            self.answers,
            self.authenticator.find,
            cors=cors,
            is_watched=_is_watched,
            is_open=self._lane_is_open,
            leave_out=self.log.leave_out,
        )
        self.figures.watch(lane)
        return Gateway(
            self._routes(),
            authenticate=self._authenticate,
            rate_limit=self._rate_limit,
            admit_superuser=self._admit_superuser,
            log=self._note,
            instant_lane=lane.hit,
            fast_lane=lane.answer,
            proxy=self._proxy,
            cors=cors,
            temp_folder=str(uploads_folder(self.settings)),
            limits=BodyLimits(self.settings.body_limit_bytes, self.settings.request_timeout_s),
            on_start=[self._start],
            on_stopping=[self.realtime.stop_streams],
            on_stop=[self._stop],
        )

    def _routes(self) -> list[Route]:
        return [
            *health.routes(self.upkeep.backups.is_free, self._proxy_headers),
            *records.routes(
                self.reads,
                self.writes,
                self.answers,
                _is_watched,
                body_limit_bytes=self.settings.body_limit_bytes,
                keeps_views=lambda: not self.database.now.is_near,
            ),
            *self.collections.routes(),
            *auth_routes.routes(self.auth, offers),
            *otp.routes(self.auth),
            *oauth2.routes(self.oauth2, self.realtime.send),
            *file_routes.routes(self.files, self.authenticator.file_token, self._file_actor),
            *backups.routes(self.upkeep.backups, self._file_actor),
            *realtime.routes(self.realtime),
            *crons.routes(self.crons),
            *settings_routes.routes(self.room, self._probes()),
            *logs.routes(self.log),
            *metrics.routes(self.figures.gather),
            *sql_console.routes(self.database.console),
            *hook_routes.routes(hooks),
            *batch.routes(
                self.store,
                self.reads,
                self.writes,
                lambda: self.room.current().batch,
                self._admit_entry,
            ),
            *static.routes(ui.FOLDER, prefix="/_/", index_fallback=False, headers=ui.HEADERS),
            *static.routes(self.settings.public_folder),
        ]

    async def _start(self) -> None:
        await self.store.open()
        self.store.listen(self.answers.heed)
        self.store.listen(self.authenticator.evict)
        self.store.listen(self.figures.heed)
        await self.figures.start()
        await self.room.open()
        self._follow_settings(self.room.current())
        self.room.listen(self._follow_settings)
        await self.log.open()
        await self.bus.open()
        self.oauth2.names.start()
        hooks.bind(
            Backend(
                store=self.store,
                records=UnruledRecords(self.writes),
                enqueue=self.jobs.enqueue,
                publish=self.realtime.publish,
            )
        )
        # Before anything writes: a move may be under way.
        await self.agent.start()
        await self.realtime.start()
        await self.jobs.start()
        await self.upkeep.start()
        await self.crons.start()

    async def _stop(self) -> None:
        await self.figures.stop()
        await self.agent.stop()
        await self.upkeep.stop()
        await self.crons.stop()
        await self.jobs.stop()
        await self.realtime.stop()
        await self.auth.background.finish()
        await self.fetcher.close()
        self.passwords.close()
        hooks.stop()
        await self.bus.close()
        await self.log.close()
        await self.sides.leave_other()
        await self.store.close()
        self.counters.close()

    # --- what the stored settings name ---------------------------------------------------

    def _follow_settings(self, stored: StoredSettings) -> None:
        self.mail.use(mail_by(stored.smtp))

    def _facts(self) -> AppFacts:
        meta = self.room.current().meta
        return AppFacts(meta.app_name, meta.app_url, meta.sender_name, meta.sender_address)

    def _probes(self) -> settings_routes.Probes:
        return settings_routes.Probes(
            catalog=lambda: self.store.catalog,
            send_mail=partial(send_test_mail, self.auth),
            probe_s3=probe_s3,
        )

    # --- what the gateway tells and asks ----------------------------------------------------

    def _note(self, activity: Activity) -> None:
        self.figures.requests.note(activity)
        self.log.record(activity)

    async def _authenticate(self, token: str, request: Request) -> Actor | None:
        return await self.authenticator.authenticate(token)

    async def _file_actor(self, token: str, request: Request) -> Actor | None:
        actor = await self.authenticator.file_actor(token) if token else None
        if actor is not None and actor.is_superuser:
            self.gate.check(request.client_ip)
        return actor

    def _admit_superuser(self, request: Request) -> None:
        self.gate.check(request.client_ip)

    async def _rate_limit(self, request: Request) -> None:
        # The settings and collections that other workers have saved count from here on.
        self.store.poll()
        if self.limiter.is_enabled:
            self.limiter.check(self._asked(request))

    def _asked(self, request: Request) -> Asked:
        actor = request.actor
        collection = self.store.known_catalog.find(request.params.get("collection", ""))
        return Asked(
            request.method,
            request.path,
            request.client_ip,
            is_auth=actor is not None,
            is_superuser=actor is not None and actor.is_superuser,
            pattern=request.route.pattern,
            tags=request.route.tags,
            collection_id=collection.id if collection else "",
            collection_name=collection.name if collection else "",
        )

    def _admit_entry(self, request: Request, entry: batch.Entry) -> None:
        """Count an entry of a batch as the request that it stands for."""
        if self.limiter.is_enabled:
            named = entry.collection
            asked = replace(
                self._asked(request),
                method=entry.method,
                path=entry.path,
                pattern=entry.pattern,
                tags=(entry.tag,),
                collection_id=named.id if named else "",
                collection_name=named.name if named else "",
            )
            self.limiter.check(asked)

    def _proxy_headers(self) -> Sequence[str]:
        return self.room.current().trusted_proxy.headers

    def _proxy(self) -> TrustedProxy:
        stored = self.room.current().trusted_proxy
        return TrustedProxy(stored.headers, stored.use_leftmost_ip)

    def _lane_is_open(self) -> bool:
        """Whether no request needs to be counted or its address looked at."""
        return not self.limiter.is_enabled and self.gate.is_open


def _is_watched(collection: Collection) -> bool:
    """Whether user code wants to see each time a record of a collection is shown."""
    return hooks.has("view", collection) or hooks.has("list", collection)
