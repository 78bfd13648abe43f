//! Spells: stored fixes.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::pattern::ErrorPattern;
use crate::validation::{Checker, FieldErrors};

/// The identity of a spell: from 1, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SpellId(pub u64);

impl fmt::Display for SpellId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A place in the change log of spells: 0 before the first change, then 1, 2, 3…
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sequence(pub u64);

/// Whether a spell is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpellStatus {
    /// Kept, not offered: it waits for a person.
    Draft,
    /// Offered.
    #[default]
    Active,
    /// Kept for history, not offered.
    Retired,
}

/// Where a spell came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpellSource {
    /// A person wrote it.
    #[default]
    Human,
    /// A language model drafted it.
    Generated,
    /// Mined from a change that turned a red run green.
    Mined,
    /// From a spellbook file.
    Imported,
}

/// Texts that tell a good pattern from a bad one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Samples {
    /// Texts in which the pattern must be found.
    pub must_match: Vec<String>,
    /// Texts in which it must not be found.
    pub must_not_match: Vec<String>,
}

/// The fields that a person writes, not yet checked.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SpellFields {
    /// The stable name under which a spellbook file knows it; unique where present.
    pub key: Option<String>,
    /// What it is called: 1 to 255 characters.
    pub title: String,
    /// Why the error happens and how to recognise it: 1 to 65,536 characters.
    pub description: String,
    /// The exception type, code or category it is for: 1 to 100 characters.
    pub error_type: String,
    /// See [`ErrorPattern`].
    pub error_pattern: String,
    /// Whether the fix helps with every error of this code, whatever its message says: an equal code is
    /// evidence enough. Not so for broad codes such as `E0308`, which have several spells.
    #[serde(default)]
    pub covers_code: bool,
    /// The fix: 1 to 65,536 characters.
    pub solution_code: String,
    /// Words to find it by; joined with commas at most 500 characters.
    pub tags: BTreeSet<String>,
    /// Whether it is offered.
    pub status: SpellStatus,
    /// Where it came from.
    pub source: SpellSource,
    /// Whether a machine wrote it.
    pub auto_generated: bool,
    /// How sure its author was, in [0, 1].
    pub confidence: Option<f64>,
    /// What the pattern must and must not match.
    pub samples: Samples,
}

/// The most characters of a title.
pub const MAXIMUM_TITLE: usize = 255;
/// The most characters of an error type.
pub const MAXIMUM_ERROR_TYPE: usize = 100;
/// The most characters of all tags joined with commas.
pub const MAXIMUM_TAGS: usize = 500;
/// The most characters of a description, and of a solution.
pub const MAXIMUM_TEXT: usize = 65_536;
/// The most samples of one kind.
pub const MAXIMUM_SAMPLES: usize = 100;

/// Reads tags from their wire form: separated by commas, surrounding spaces dropped, empty ones left out.
pub fn parse_tags(text: &str) -> BTreeSet<String> {
    text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

/// Writes tags in their wire form, sorted.
pub fn join_tags(tags: &BTreeSet<String>) -> String {
    tags.iter().map(String::as_str).collect::<Vec<_>>().join(",")
}

impl SpellFields {
    /// Checks every rule and reports all that are broken.
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
        for (index, text) in texts.iter().enumerate() {
            checker.at_most(&format!("{name}[{index}]"), text, MAXIMUM_TEXT);
            if pattern.find(text).is_some() != wanted {
                let verb = if wanted { "does not match" } else { "matches" };
                checker.reject(format!("{name}[{index}]"), format!("error_pattern {verb} this sample"));
            }
        }
    }
}

/// Fields that keep every rule. Made by [`SpellFields::validate`].
#[derive(Debug, Clone, PartialEq)]
pub struct ValidSpell(SpellFields);

impl ValidSpell {
    /// The fields again, to change and validate anew.
    pub fn into_fields(self) -> SpellFields {
        self.0
    }

    /// Fields read back from a store that checked them when they were written. Rules may have been
    /// tightened since; a spell that was valid once is not lost for it.
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
    /// Never reused.
    pub id: SpellId,
    /// What it says.
    pub fields: ValidSpell,
    /// When it was first written.
    pub created_at: Timestamp,
    /// When it was last changed; absent until then.
    pub updated_at: Option<Timestamp>,
    /// 1 when created, one more with every change: the value of its `ETag`.
    pub revision: u64,
}

/// What happened to a spell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was written for the first time.
    Created,
    /// It was changed.
    Updated,
    /// It was deleted.
    Deleted,
}

/// One entry of the change log: sequence numbers are dense and start at 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpellChange {
    /// Its place in the log.
    pub sequence: Sequence,
    /// Which spell.
    pub spell: SpellId,
    /// What happened.
    pub kind: ChangeKind,
}

/// A past or present state of a spell.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::struct_field_names, reason = "a revision's number is called revision wherever it is shown")]
pub struct Revision {
    /// The number of this revision, from 1.
    pub revision: u64,
    /// What happened.
    pub kind: ChangeKind,
    /// The fields after the change; for a deletion those before it.
    pub fields: ValidSpell,
    /// Who did it: a person, a token's label or `import`.
    pub by: String,
    /// When.
    pub at: Timestamp,
}
