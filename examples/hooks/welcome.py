"""New users are checked, greeted by a background job, and may be locked out.

Needs the collection `users` (with a bool field `banned`) and a base collection `greetings`
with the text fields `user` and `text`.
"""

from tenfold.hooks import AuthEvent, BadRequest, Forbidden, JobEvent, RecordEvent, hooks

REFUSED_DOMAINS = ("mailinator.com", "example.invalid")


@hooks.before_create("users")
async def check_and_greet(event: RecordEvent) -> None:
    """Refuse throw-away addresses; greet the others once the write is durable."""
    email: str = event.record["email"]
    if email.lower().endswith(tuple(f"@{domain}" for domain in REFUSED_DOMAINS)):
        raise BadRequest("Please use an address that lasts.")
    # Enqueued in the same transaction: no user without a greeting, no greeting without a user.
    await hooks.enqueue("greet", {"user": event.record.id}, key=event.record.id)


@hooks.job("greet", attempts=3)
async def greet(job: JobEvent) -> None:
    """Runs in one worker; again if it fails or the worker dies, so it must bear that."""
    user = job.payload["user"]
    if await hooks.records.list("greetings", "user = {:user}", values={"user": user}):
        return
    await hooks.records.create("greetings", {"user": user, "text": "Welcome!"})


@hooks.auth("users")
def refuse_banned(event: AuthEvent) -> None:
    """Runs after the password (or code, or provider) was right, before the token is given."""
    if event.record["banned"]:
        raise Forbidden("This account is locked.")
