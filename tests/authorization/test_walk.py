"""Random actors, objects and verbs against a model of the matrix: no leak, no wrongful refusal.

`make test-authorization` walks 20,000 steps; the suite, some of them.
"""

import os
import random
from collections import Counter

import httpx
import pytest
from tests.authorization.model import Model
from tests.authorization.walk import Walk, Wrong, where
from tests.contract import described

from ringfence.app import create_app
from ringfence.settings import Settings

STEPS = int(os.environ.get("RINGFENCE_STEPS", "600"))
SEED = int(os.environ.get("RINGFENCE_SEED", "20260101"))
# One walk for each worker of pytest: they share the steps.
WALKS = 2


@pytest.mark.parametrize("number", range(WALKS))
async def test_every_answer_is_what_the_model_says(database, number, record_property):
    seed = SEED + number
    app = create_app(Settings(address_rate=0, token_rate=0, token_change_rate=0))
    app.state.database = database
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://localhost",
        event_hooks={"response": [described.check]},
    ) as client:
        chance = random.Random(seed)  # noqa: S311 - the same walk each time
        walk = Walk(database, client, chance, Model(), Counter())
        await walk.build()
        last: list[str] = []
        for step in range(STEPS // WALKS):
            try:
                last.append(await walk.step())
            except Wrong as error:
                pytest.fail(where(seed, step, last, error))
    # A service that refused everybody would pass as well, and so would a walk of strangers.
    answered = sum(walk.statuses.values())
    for status in (200, 401, 403, 404):
        assert walk.statuses[status] > answered / 100, walk.statuses
    counts = ", ".join(f"{status}: {n}" for status, n in sorted(walk.statuses.items()))
    record_property("fuzzed", [f"authorization, seed {seed}: {len(last)} steps ({counts})"])
