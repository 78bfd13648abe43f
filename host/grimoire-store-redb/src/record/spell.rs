//! Records of spells.

use std::collections::BTreeSet;

use grimoire_domain::Timestamp;
use grimoire_domain::spell::{
    ChangeKind, Revision, Samples, Spell, SpellFields, SpellId, SpellSource, SpellStatus, ValidSpell,
};
use grimoire_ports::PortError;
use serde::{Deserialize, Serialize};

use super::{decode, encode, fnv_1a, unreadable};

const SPELL_VERSION: u8 = 1;
const REVISION_VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
struct FieldsRecord {
    key: Option<String>,
    title: String,
    description: String,
    error_type: String,
    error_pattern: String,
    solution_code: String,
    tags: BTreeSet<String>,
    status: u8,
    source: u8,
    auto_generated: bool,
    confidence: Option<f64>,
    must_match: Vec<String>,
    must_not_match: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct SpellRecord {
    fields: FieldsRecord,
    created_at: Timestamp,
    updated_at: Option<Timestamp>,
    revision: u64,
}

#[derive(Serialize, Deserialize)]
struct RevisionRecord {
    kind: u8,
    fields: FieldsRecord,
    by: String,
    at: Timestamp,
}

pub(crate) fn encode_spell(spell: &Spell) -> Vec<u8> {
    let record = SpellRecord {
        fields: FieldsRecord::of(&spell.fields),
        created_at: spell.created_at,
        updated_at: spell.updated_at,
        revision: spell.revision,
    };
    encode(SPELL_VERSION, &record)
}

pub(crate) fn decode_spell(id: SpellId, bytes: &[u8]) -> Result<Spell, PortError> {
    let what = format!("spell {id}");
    let record: SpellRecord = decode(SPELL_VERSION, &what, bytes)?;
    Ok(Spell {
        id,
        fields: record.fields.into_fields(&what)?,
        created_at: record.created_at,
        updated_at: record.updated_at,
        revision: record.revision,
    })
}

pub(crate) fn encode_revision(revision: &Revision) -> Vec<u8> {
    let record = RevisionRecord {
        kind: change_code(revision.kind),
        fields: FieldsRecord::of(&revision.fields),
        by: revision.by.clone(),
        at: revision.at,
    };
    encode(REVISION_VERSION, &record)
}

pub(crate) fn decode_revision(id: SpellId, revision: u64, bytes: &[u8]) -> Result<Revision, PortError> {
    let what = format!("revision {revision} of spell {id}");
    let record: RevisionRecord = decode(REVISION_VERSION, &what, bytes)?;
    Ok(Revision {
        revision,
        kind: change_of(record.kind).ok_or_else(|| unreadable(&what, "unknown kind of change"))?,
        fields: record.fields.into_fields(&what)?,
        by: record.by,
        at: record.at,
    })
}

impl FieldsRecord {
    fn of(fields: &SpellFields) -> Self {
        let fields = fields.clone();
        Self {
            key: fields.key,
            title: fields.title,
            description: fields.description,
            error_type: fields.error_type,
            error_pattern: fields.error_pattern,
            solution_code: fields.solution_code,
            tags: fields.tags,
            status: status_code(fields.status),
            source: source_code(fields.source),
            auto_generated: fields.auto_generated,
            confidence: fields.confidence,
            must_match: fields.samples.must_match,
            must_not_match: fields.samples.must_not_match,
        }
    }

    fn into_fields(self, what: &str) -> Result<ValidSpell, PortError> {
        Ok(ValidSpell::from_store(SpellFields {
            key: self.key,
            title: self.title,
            description: self.description,
            error_type: self.error_type,
            error_pattern: self.error_pattern,
            solution_code: self.solution_code,
            tags: self.tags,
            status: status_of(self.status).ok_or_else(|| unreadable(what, "unknown status"))?,
            source: source_of(self.source).ok_or_else(|| unreadable(what, "unknown source"))?,
            auto_generated: self.auto_generated,
            confidence: self.confidence,
            samples: Samples { must_match: self.must_match, must_not_match: self.must_not_match },
        }))
    }
}

/// A hash of what tells most spells apart. Equal fields have equal hashes; it is
/// part of the file's format.
pub(crate) fn content_hash(fields: &SpellFields) -> u64 {
    let parts = [&fields.title, &fields.error_type, &fields.error_pattern, &fields.solution_code];
    fnv_1a(parts.into_iter().flat_map(|part| part.bytes().chain([0])))
}

/// Codes are part of the file's format: never reuse one.
pub(crate) fn status_code(status: SpellStatus) -> u8 {
    match status {
        SpellStatus::Draft => 0,
        SpellStatus::Active => 1,
        SpellStatus::Retired => 2,
    }
}

fn status_of(code: u8) -> Option<SpellStatus> {
    [SpellStatus::Draft, SpellStatus::Active, SpellStatus::Retired]
        .into_iter()
        .find(|status| status_code(*status) == code)
}

fn source_code(source: SpellSource) -> u8 {
    match source {
        SpellSource::Human => 0,
        SpellSource::Generated => 1,
        SpellSource::Mined => 2,
        SpellSource::Imported => 3,
    }
}

fn source_of(code: u8) -> Option<SpellSource> {
    [SpellSource::Human, SpellSource::Generated, SpellSource::Mined, SpellSource::Imported]
        .into_iter()
        .find(|source| source_code(*source) == code)
}

pub(crate) fn change_code(kind: ChangeKind) -> u8 {
    match kind {
        ChangeKind::Created => 0,
        ChangeKind::Updated => 1,
        ChangeKind::Deleted => 2,
    }
}

pub(crate) fn change_of(code: u8) -> Option<ChangeKind> {
    [ChangeKind::Created, ChangeKind::Updated, ChangeKind::Deleted]
        .into_iter()
        .find(|kind| change_code(*kind) == code)
}
