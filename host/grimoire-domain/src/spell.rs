//! Spells: stored fixes.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::pattern::ErrorPattern;
use crate::scope::Scope;
use crate::text;
use crate::validation::{Checker, FieldErrors};

/// The id of a spell: starts at 1, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SpellId(pub u64);

impl fmt::Display for SpellId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A sequence number in the change log of spells: 0 before the first change, then 1, 2, 3…
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sequence(pub u64);

/// The status of a spell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpellStatus {
    /// Kept but not shown: it waits for a person's approval.
    Draft,
    /// May be shown.
    #[default]
    Active,
    /// Kept for history, not shown.
    Retired,
}

/// The origin of a spell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpellSource {
    /// Written by a person.
    #[default]
    Human,
    /// Drafted by a language model.
    Generated,
    /// Mined from a change that turned a red run green.
    Mined,
    /// Imported from a spellbook file.
    Imported,
}

/// Sample texts that tell a good pattern from a bad one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Samples {
    /// Texts in which the pattern must be found.
    pub must_match: Vec<String>,
    /// Texts in which the pattern must not be found.
    pub must_not_match: Vec<String>,
}

/// The editable fields of a spell, not yet checked.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SpellFields {
    /// The stable key of the spell in spellbook files; unique where present.
    pub key: Option<String>,
    /// The title: 1 to 255 characters.
    pub title: String,
    /// The cause of the error and how to recognise it: 1 to 65,536 characters.
    pub description: String,
    /// The exception type, code or category that the spell is for: 1 to 100 characters.
    pub error_type: String,
    /// See [`ErrorPattern`].
    pub error_pattern: String,
    /// True if the fix helps with every error of this code, whatever its message, so that an equal code
    /// is evidence enough. False for broad codes such as `E0308`, which have several spells.
    #[serde(default)]
    pub covers_code: bool,
    /// The fix: 1 to 65,536 characters.
    pub solution_code: String,
    /// Tags for search; at most 500 characters when joined with commas.
    pub tags: BTreeSet<String>,
    /// The status.
    pub status: SpellStatus,
    /// The origin.
    pub source: SpellSource,
    /// True if a program wrote the spell.
    pub auto_generated: bool,
    /// The author's confidence, in [0, 1].
    pub confidence: Option<f64>,
    /// Sample texts for the pattern.
    pub samples: Samples,
    /// Where it is offered.
    #[serde(default)]
    pub scope: Scope,
}

/// Maximum length of a title in characters.
pub const MAXIMUM_TITLE: usize = 255;
/// Maximum length of an error type in characters.
pub const MAXIMUM_ERROR_TYPE: usize = 100;
/// Maximum length of all tags joined with commas, in characters.
pub const MAXIMUM_TAGS: usize = 500;
/// Maximum length of a description, and of a solution, in characters.
pub const MAXIMUM_TEXT: usize = 65_536;
/// Maximum number of samples of one kind.
pub const MAXIMUM_SAMPLES: usize = 100;

/// Parses tags from their wire form: separated by commas, trimmed, without empty ones.
pub fn parse_tags(text: &str) -> BTreeSet<String> {
    text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

/// Formats tags in their wire form, sorted.
pub fn join_tags(tags: &BTreeSet<String>) -> String {
    tags.iter().map(String::as_str).collect::<Vec<_>>().join(",")
}

impl SpellFields {
    /// Checks every rule and reports all violations.
    pub fn validate(self) -> Result<ValidSpell, FieldErrors> {
        let mut checker = Checker::default();
        if let Some(key) = &self.key {
            let valid = !key.is_empty()
                && key.len() <= 100
                && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            if !valid {
                checker.reject("key", "must have 1 to 100 lower-case letters, digits and hyphens");
            }
        }
        checker.required("title", &self.title, MAXIMUM_TITLE);
        checker.required("description", &self.description, MAXIMUM_TEXT);
        checker.required("error_type", &self.error_type, MAXIMUM_ERROR_TYPE);
        checker.required("solution_code", &self.solution_code, MAXIMUM_TEXT);
        checker.at_most("tags", &join_tags(&self.tags), MAXIMUM_TAGS);
        for tag in &self.tags {
            if tag.trim() != tag || tag.is_empty() || tag.contains(',') {
                checker
                    .reject("tags", format!("{tag:?} is not a tag: no commas, no outer spaces, not empty"));
            }
        }
        if self.confidence.is_some_and(|value| !(0.0..=1.0).contains(&value)) {
            checker.reject("confidence", "must be from 0 to 1");
        }
        match ErrorPattern::parse(&self.error_pattern) {
            Err(error) => checker.reject("error_pattern", error.to_string()),
            Ok(pattern) => check_samples(&mut checker, &self.samples, &pattern),
        }
        checker.finish(ValidSpell(self))
    }
}

fn check_samples(checker: &mut Checker, samples: &Samples, pattern: &ErrorPattern) {
    for (name, texts, wanted) in [
        ("samples.must_match", &samples.must_match, true),
        ("samples.must_not_match", &samples.must_not_match, false),
    ] {
        if texts.len() > MAXIMUM_SAMPLES {
            checker.reject(name, format!("must have at most {MAXIMUM_SAMPLES} samples, has {}", texts.len()));
            continue;
        }
        for (index, sample) in texts.iter().enumerate() {
            checker.at_most(&format!("{name}[{index}]"), sample, MAXIMUM_TEXT);
            if pattern.find(&text::composed(sample)).is_some() != wanted {
                let verb = if wanted { "does not match" } else { "matches" };
                checker.reject(format!("{name}[{index}]"), format!("error_pattern {verb} this sample"));
            }
        }
    }
}

/// Checked fields. Built by [`SpellFields::validate`].
#[derive(Debug, Clone, PartialEq)]
pub struct ValidSpell(SpellFields);

impl ValidSpell {
    /// Returns the fields, to be changed and validated again.
    pub fn into_fields(self) -> SpellFields {
        self.0
    }

    /// Wraps fields from a store, which were checked when they were written. They are not checked
    /// again: rules may have become stricter since, and a spell must not be lost because of that.
    pub fn from_store(fields: SpellFields) -> Self {
        Self(fields)
    }
}

impl Deref for ValidSpell {
    type Target = SpellFields;

    fn deref(&self) -> &SpellFields {
        &self.0
    }
}

/// A stored fix.
#[derive(Debug, Clone, PartialEq)]
pub struct Spell {
    /// The spell's id, never reused.
    pub id: SpellId,
    /// The content.
    pub fields: ValidSpell,
    /// The time of creation.
    pub created_at: Timestamp,
    /// The time of the last change; absent until then.
    pub updated_at: Option<Timestamp>,
    /// 1 when created, incremented by every change; the value of the `ETag`.
    pub revision: u64,
}

/// Results of a spell, counted in pull requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Outcomes {
    /// Pull requests with a review that offered the spell.
    pub offered: u64,
    /// Those of them whose last review says that all runs passed.
    pub fixed: u64,
}

/// The kind of a change to a spell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// The spell was created.
    Created,
    /// The spell was updated.
    Updated,
    /// The spell was deleted.
    Deleted,
}

/// One entry of the change log: sequence numbers are dense and start at 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpellChange {
    /// The sequence number.
    pub sequence: Sequence,
    /// The spell's id.
    pub spell: SpellId,
    /// The kind of change.
    pub kind: ChangeKind,
}

/// A past or present state of a spell.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::struct_field_names, reason = "a revision's number is called revision wherever it is shown")]
pub struct Revision {
    /// The number of this revision, from 1.
    pub revision: u64,
    /// The kind of change.
    pub kind: ChangeKind,
    /// The fields after the change; for a deletion, those before it.
    pub fields: ValidSpell,
    /// The author: a person, a token's label or `import`.
    pub by: String,
    /// The time of the change.
    pub at: Timestamp,
}
