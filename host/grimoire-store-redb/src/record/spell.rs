//! Records of spells and of their revisions.

use std::collections::BTreeSet;

use grimoire_domain::Timestamp;
use grimoire_domain::scope::Scope;
use grimoire_domain::spell::{
    ChangeKind, Revision, Samples, Sequence, Spell, SpellChange, SpellFields, SpellId, SpellSource,
    SpellStatus, ValidSpell,
};
use grimoire_ports::PortError;
use serde::{Deserialize, Serialize};

use super::{decode, encode, fnv_1a, unreadable};

const VERSION: u8 = 1;
const REVISION_VERSION: u8 = 1;
const CHANGE_VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
struct SpellRecord {
    fields: FieldsRecord,
    created_at: Timestamp,
    updated_at: Option<Timestamp>,
    revision: u64,
    /// The author of this revision.
    by: String,
}

#[derive(Serialize, Deserialize)]
struct RevisionRecord {
    kind: u8,
    fields: FieldsRecord,
    by: String,
    at: Timestamp,
}

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
    covers_code: bool,
    auto_generated: bool,
    confidence: Option<f64>,
    must_match: Vec<String>,
    must_not_match: Vec<String>,
    /// Absent means everywhere, as for all spells of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
}

/// An existing spell as stored: with the author of its current revision.
pub(crate) struct StoredSpell {
    pub(crate) spell: Spell,
    by: String,
}

impl StoredSpell {
    /// The current revision, which has no row of its own until the next change.
    pub(crate) fn revision(&self) -> Revision {
        let spell = &self.spell;
        Revision {
            revision: spell.revision,
            kind: if spell.revision == 1 { ChangeKind::Created } else { ChangeKind::Updated },
            fields: spell.fields.clone(),
            by: self.by.clone(),
            at: spell.updated_at.unwrap_or(spell.created_at),
        }
    }
}

pub(crate) fn encode_spell(spell: &Spell, by: &str) -> Vec<u8> {
    let record = SpellRecord {
        fields: FieldsRecord::of(&spell.fields),
        created_at: spell.created_at,
        updated_at: spell.updated_at,
        revision: spell.revision,
        by: by.to_owned(),
    };
    encode(VERSION, &record)
}

pub(crate) fn decode_spell(id: SpellId, bytes: &[u8]) -> Result<StoredSpell, PortError> {
    let name = format!("spell {id}");
    let record: SpellRecord = decode(VERSION, &name, bytes)?;
    let spell = Spell {
        id,
        fields: record.fields.into_fields(&name)?,
        created_at: record.created_at,
        updated_at: record.updated_at,
        revision: record.revision,
    };
    Ok(StoredSpell { spell, by: record.by })
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
    let name = format!("revision {revision} of spell {id}");
    let record: RevisionRecord = decode(REVISION_VERSION, &name, bytes)?;
    Ok(Revision {
        revision,
        kind: change_of(record.kind).ok_or_else(|| unreadable(&name, "unknown kind of change"))?,
        fields: record.fields.into_fields(&name)?,
        by: record.by,
        at: record.at,
    })
}

#[derive(Serialize, Deserialize)]
struct ChangeRecord {
    spell: u64,
    kind: u8,
}

pub(crate) fn encode_change(spell: SpellId, kind: ChangeKind) -> Vec<u8> {
    encode(CHANGE_VERSION, &ChangeRecord { spell: spell.0, kind: change_code(kind) })
}

pub(crate) fn decode_change(sequence: Sequence, bytes: &[u8]) -> Result<SpellChange, PortError> {
    let name = format!("change {}", sequence.0);
    let ChangeRecord { spell, kind } = decode(CHANGE_VERSION, &name, bytes)?;
    let kind = change_of(kind).ok_or_else(|| unreadable(&name, "unknown kind of change"))?;
    Ok(SpellChange { sequence, spell: SpellId(spell), kind })
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
            covers_code: fields.covers_code,
            auto_generated: fields.auto_generated,
            confidence: fields.confidence,
            must_match: fields.samples.must_match,
            must_not_match: fields.samples.must_not_match,
            scope: (fields.scope != Scope::Global).then_some(fields.scope),
        }
    }

    fn into_fields(self, name: &str) -> Result<ValidSpell, PortError> {
        Ok(ValidSpell::from_store(SpellFields {
            key: self.key,
            title: self.title,
            description: self.description,
            error_type: self.error_type,
            error_pattern: self.error_pattern,
            covers_code: self.covers_code,
            solution_code: self.solution_code,
            tags: self.tags,
            status: status_of(self.status).ok_or_else(|| unreadable(name, "unknown status"))?,
            source: source_of(self.source).ok_or_else(|| unreadable(name, "unknown source"))?,
            auto_generated: self.auto_generated,
            confidence: self.confidence,
            samples: Samples { must_match: self.must_match, must_not_match: self.must_not_match },
            scope: self.scope.unwrap_or_default(),
        }))
    }
}

/// A hash of the fields that distinguish most spells. Equal fields have equal hashes; part of the file
/// format.
pub(crate) fn content_hash(fields: &SpellFields) -> u64 {
    let parts = [&fields.title, &fields.error_type, &fields.error_pattern, &fields.solution_code];
    fnv_1a(parts.into_iter().flat_map(|part| part.bytes().chain([0])))
}

/// Codes are part of the file format: never reuse one.
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

fn change_code(kind: ChangeKind) -> u8 {
    match kind {
        ChangeKind::Created => 0,
        ChangeKind::Updated => 1,
        ChangeKind::Deleted => 2,
    }
}

fn change_of(code: u8) -> Option<ChangeKind> {
    [ChangeKind::Created, ChangeKind::Updated, ChangeKind::Deleted]
        .into_iter()
        .find(|kind| change_code(*kind) == code)
}

/// The normal form for comparing error types and tags, which ignores letter case.
pub(crate) fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// The tags of a spell in this form.
pub(crate) fn folded_tags(fields: &SpellFields) -> BTreeSet<String> {
    fields.tags.iter().map(|tag| folded(tag)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

    use grimoire_ports::conformance::store::samples::{at, keyed};

    use super::*;

    fn sample() -> Spell {
        let mut fields = keyed("a-key", "A \"title\"\n of ünïts\u{0}").into_fields();
        fields.solution_code = String::new();
        fields.covers_code = true;
        fields.confidence = Some(0.1);
        fields.samples.must_match = vec!["one".to_owned()];
        let fields = ValidSpell::from_store(fields);
        Spell { id: SpellId(7), fields, created_at: at(1), updated_at: Some(at(2)), revision: 2 }
    }

    #[test]
    fn what_is_written_is_read() {
        let spell = sample();
        let stored = decode_spell(SpellId(7), &encode_spell(&spell, "ana")).unwrap();
        assert_eq!(stored.spell, spell);
        let kind = ChangeKind::Updated;
        let revision = Revision { revision: 2, kind, fields: spell.fields, by: "ana".to_owned(), at: at(2) };
        assert_eq!(stored.revision(), revision);
        assert_eq!(decode_revision(SpellId(7), 2, &encode_revision(&revision)).unwrap(), revision);
    }

    #[test]
    fn a_damaged_record_is_an_error_and_no_spell() {
        let bytes = encode_spell(&sample(), "ana");
        for length in 0..bytes.len() {
            assert!(decode_spell(SpellId(7), &bytes[..length]).is_err(), "cut to {length}");
        }
        assert!(decode_spell(SpellId(7), &[&bytes[..], b"x"].concat()).is_err(), "something follows");
        assert!(decode_spell(SpellId(7), &[&[9], &bytes[1..]].concat()).is_err(), "an unknown version");
    }
}
