//! Records of spells and of their revisions. Version 2 is a version byte, what is short as JSON, and then
//! the texts, each with its length before it: most of a spell is text, which JSON would have escaped
//! and read byte by byte. Version 1, which is no longer written, is JSON as a whole.

use std::collections::BTreeSet;

use grimoire_domain::Timestamp;
use grimoire_domain::spell::{
    ChangeKind, Revision, Samples, Spell, SpellFields, SpellId, SpellSource, SpellStatus, ValidSpell,
};
use grimoire_ports::PortError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{append_json, append_part, content, decode as decode_json, fnv_1a, split_part, unreadable};

/// JSON as a whole.
const JSON: u8 = 1;
/// Texts apart.
const TEXTS_APART: u8 = 2;

/// All fields, as in version 1.
#[derive(Deserialize)]
struct FieldsRecord {
    title: String,
    description: String,
    error_type: String,
    error_pattern: String,
    solution_code: String,
    #[serde(flatten)]
    rest: RestRecord,
}

/// The fields that are not in the texts of version 2.
#[derive(Serialize, Deserialize)]
struct RestRecord {
    key: Option<String>,
    tags: BTreeSet<String>,
    status: u8,
    source: u8,
    /// Absent in what was written before there was such a field.
    #[serde(default)]
    covers_code: bool,
    auto_generated: bool,
    confidence: Option<f64>,
    must_match: Vec<String>,
    must_not_match: Vec<String>,
}

/// A spell; `F` is what of its fields stands here in this version.
#[derive(Serialize, Deserialize)]
struct SpellRecord<F> {
    fields: F,
    created_at: Timestamp,
    updated_at: Option<Timestamp>,
    revision: u64,
    /// Who wrote this revision. Absent in what schemas before 5 wrote: they kept it with the revision.
    by: Option<String>,
}

/// A living spell as it is stored.
pub(crate) struct Current {
    pub(crate) spell: Spell,
    by: Option<String>,
}

impl Current {
    /// The spell's present revision, where it stands here alone and not among the revisions too.
    pub(crate) fn revision(&self) -> Option<Revision> {
        let spell = &self.spell;
        Some(Revision {
            revision: spell.revision,
            kind: if spell.revision == 1 { ChangeKind::Created } else { ChangeKind::Updated },
            fields: spell.fields.clone(),
            by: self.by.clone()?,
            at: spell.updated_at.unwrap_or(spell.created_at),
        })
    }
}

/// A revision; `F` is what of its fields stands here in this version.
#[derive(Serialize, Deserialize)]
struct RevisionRecord<F> {
    kind: u8,
    fields: F,
    by: String,
    at: Timestamp,
}

pub(crate) fn encode_spell(spell: &Spell, by: &str) -> Vec<u8> {
    let record = SpellRecord {
        fields: RestRecord::of(&spell.fields),
        created_at: spell.created_at,
        updated_at: spell.updated_at,
        revision: spell.revision,
        by: Some(by.to_owned()),
    };
    encode(&record, &spell.fields)
}

pub(crate) fn decode_spell(id: SpellId, bytes: &[u8]) -> Result<Spell, PortError> {
    decode_current(id, bytes).map(|current| current.spell)
}

pub(crate) fn decode_current(id: SpellId, bytes: &[u8]) -> Result<Current, PortError> {
    let what = format!("spell {id}");
    let (record, fields) = decode(&what, bytes, |record: SpellRecord<FieldsRecord>| {
        let SpellRecord { fields, created_at, updated_at, revision, by } = record;
        let (rest, texts) = fields.split();
        (SpellRecord { fields: rest, created_at, updated_at, revision, by }, texts)
    })?;
    let spell = Spell {
        id,
        fields: record.fields.into_fields(&what, fields)?,
        created_at: record.created_at,
        updated_at: record.updated_at,
        revision: record.revision,
    };
    Ok(Current { spell, by: record.by })
}

pub(crate) fn encode_revision(revision: &Revision) -> Vec<u8> {
    let record = RevisionRecord {
        kind: change_code(revision.kind),
        fields: RestRecord::of(&revision.fields),
        by: revision.by.clone(),
        at: revision.at,
    };
    encode(&record, &revision.fields)
}

pub(crate) fn decode_revision(id: SpellId, revision: u64, bytes: &[u8]) -> Result<Revision, PortError> {
    let what = format!("revision {revision} of spell {id}");
    let (record, texts) = decode(&what, bytes, |record: RevisionRecord<FieldsRecord>| {
        let RevisionRecord { kind, fields, by, at } = record;
        let (rest, texts) = fields.split();
        (RevisionRecord { kind, fields: rest, by, at }, texts)
    })?;
    Ok(Revision {
        revision,
        kind: change_of(record.kind).ok_or_else(|| unreadable(&what, "unknown kind of change"))?,
        fields: record.fields.into_fields(&what, texts)?,
        by: record.by,
        at: record.at,
    })
}

/// Title, description, error type, error pattern and solution, in this order.
type Texts = [String; 5];

/// Writes version 2.
fn encode(record: &impl Serialize, fields: &SpellFields) -> Vec<u8> {
    let texts = [
        &fields.title,
        &fields.description,
        &fields.error_type,
        &fields.error_pattern,
        &fields.solution_code,
    ];
    let mut bytes = Vec::with_capacity(texts.iter().map(|text| text.len()).sum::<usize>() + 512);
    bytes.push(TEXTS_APART);
    append_part(&mut bytes, |bytes| append_json(bytes, record));
    for text in texts {
        append_part(&mut bytes, |bytes| bytes.extend_from_slice(text.as_bytes()));
    }
    bytes
}

/// Reads either version; `split` makes of version 1 what version 2 would have been.
fn decode<R: DeserializeOwned, W: DeserializeOwned>(
    what: &str,
    bytes: &[u8],
    split: impl FnOnce(W) -> (R, Texts),
) -> Result<(R, Texts), PortError> {
    if bytes.first() == Some(&JSON) {
        return Ok(split(decode_json(JSON, what, bytes)?));
    }
    let (record, mut rest) = split_part(what, content(TEXTS_APART, what, bytes)?)?;
    let record = serde_json::from_slice(record).map_err(|error| unreadable(what, error))?;
    let mut texts = Texts::default();
    for text in &mut texts {
        let (part, others) = split_part(what, rest)?;
        std::str::from_utf8(part).map_err(|error| unreadable(what, error))?.clone_into(text);
        rest = others;
    }
    if rest.is_empty() { Ok((record, texts)) } else { Err(unreadable(what, "the record is too long")) }
}

impl FieldsRecord {
    fn split(self) -> (RestRecord, Texts) {
        let texts = [self.title, self.description, self.error_type, self.error_pattern, self.solution_code];
        (self.rest, texts)
    }
}

impl RestRecord {
    fn of(fields: &SpellFields) -> Self {
        Self {
            key: fields.key.clone(),
            tags: fields.tags.clone(),
            status: status_code(fields.status),
            source: source_code(fields.source),
            covers_code: fields.covers_code,
            auto_generated: fields.auto_generated,
            confidence: fields.confidence,
            must_match: fields.samples.must_match.clone(),
            must_not_match: fields.samples.must_not_match.clone(),
        }
    }

    fn into_fields(self, what: &str, texts: Texts) -> Result<ValidSpell, PortError> {
        let [title, description, error_type, error_pattern, solution_code] = texts;
        Ok(ValidSpell::from_store(SpellFields {
            key: self.key,
            title,
            description,
            error_type,
            error_pattern,
            covers_code: self.covers_code,
            solution_code,
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
        assert_eq!(decode_spell(SpellId(7), &encode_spell(&spell, "ana")).unwrap(), spell);
        let current = decode_current(SpellId(7), &encode_spell(&spell, "ana")).unwrap();
        let kind = ChangeKind::Updated;
        let revision = Revision { revision: 2, kind, fields: spell.fields, by: "ana".to_owned(), at: at(2) };
        assert_eq!(current.revision().unwrap(), revision);
        assert_eq!(decode_revision(SpellId(7), 2, &encode_revision(&revision)).unwrap(), revision);
    }

    #[test]
    fn version_1_is_read_for_ever() {
        let old = br#"{"fields":{"key":"a-key","title":"T","description":"D","error_type":"E","error_pattern":"P",
            "solution_code":"S\n","tags":["a","b"],"status":2,"source":3,"auto_generated":true,"confidence":0.1,
            "must_match":["m"],"must_not_match":[]},"created_at":"2026-01-02T03:04:05.000000006Z","updated_at":null,"revision":3}"#;
        let spell = decode_spell(SpellId(7), &[&[JSON], &old[..]].concat()).unwrap();
        assert_eq!((spell.fields.title.as_str(), spell.fields.solution_code.as_str()), ("T", "S\n"));
        assert_eq!((spell.fields.status, spell.fields.source), (SpellStatus::Retired, SpellSource::Imported));
        assert_eq!((spell.fields.confidence, spell.revision), (Some(0.1), 3));
        let current = decode_current(SpellId(7), &[&[JSON], &old[..]].concat()).unwrap();
        assert_eq!(current.revision(), None, "it is among the revisions");
        assert_eq!(decode_spell(SpellId(7), &encode_spell(&spell, "ana")).unwrap(), spell);
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
