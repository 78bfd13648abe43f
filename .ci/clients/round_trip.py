"""A round trip with a client that was generated from the API document, of which every module can be imported."""

import importlib
import io
import pkgutil
import sys

import grimoire_client
from grimoire_client.api.diagnosis import diagnose, match_error
from grimoire_client.api.spells import create_spell, delete_spell, get_spell, list_spells, patch_spell
from grimoire_client.api.webhooks import list_deliveries
from grimoire_client.client import AuthenticatedClient
from grimoire_client.models.diagnosis import Diagnosis
from grimoire_client.models.error import Error
from grimoire_client.models.error_report import ErrorReport
from grimoire_client.models.match import Match
from grimoire_client.models.spell import Spell
from grimoire_client.models.spell_create import SpellCreate
from grimoire_client.models.spell_patch import SpellPatch
from grimoire_client.types import File


def round_trip(client: AuthenticatedClient) -> None:
    """Creates, changes, finds and deletes a spell."""
    fields = SpellCreate(
        title="The quux is not in its flurble",
        description="Quuxes leave their flurble when nobody looks.",
        error_type="zz-991",
        error_pattern="the quux is not in its flurble",
        solution_code="put --it back",
        tags="quux,zz",
        covers_code=True,
    )
    created = create_spell.sync_detailed(client=client, body=fields)
    assert created.status_code == 201 and isinstance(created.parsed, Spell)
    spell, tag = created.parsed, created.headers["etag"]
    assert spell.updated_at is None and spell.scope == "global"

    def patch(change: SpellPatch) -> Spell | Error | None:
        return patch_spell.sync(spell.id, client=client, body=change, if_match=tag)

    changed = patch(SpellPatch(scope="octo/*"))
    assert isinstance(changed, Spell) and (changed.revision, changed.scope) == (2, "octo/*")
    stale = patch(SpellPatch(title="Lost"))
    assert isinstance(stale, Error) and stale.error_code == "PRECONDITION_FAILED"

    listed = list_spells.sync(client=client, q="flurble", limit=5)
    assert isinstance(listed, list) and [entry.id for entry in listed] == [spell.id]
    report = ErrorReport(message="the quux is not in its flurble", error_type="zz-991", repository="octo/app")
    found = match_error.sync(client=client, body=report)
    assert isinstance(found, Match) and found.spells[0].id == spell.id
    log = File(payload=io.BytesIO(b"error[E0382]: use of moved value: `names`\n --> src/main.rs:4:20\n"))
    diagnosed = diagnose.sync(client=client, body=log)
    assert isinstance(diagnosed, Diagnosis) and diagnosed.errors[0].diagnostic.code == "E0382"

    assert delete_spell.sync_detailed(spell.id, client=client).status_code == 204
    gone = get_spell.sync(spell.id, client=client)
    assert isinstance(gone, Error) and gone.error_code == "SPELL_NOT_FOUND"
    assert list_deliveries.sync(client=client) == []


for module in pkgutil.walk_packages(grimoire_client.__path__, "grimoire_client."):
    importlib.import_module(module.name)
round_trip(AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2]))
print("a round trip in Python")
