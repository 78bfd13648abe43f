//! Spells in requests.

use std::fmt;
use std::marker::PhantomData;

use grimoire_domain::scope::Scope;
use grimoire_domain::spell::{Samples, SpellFields, SpellSource, SpellStatus, parse_tags};
use grimoire_domain::validation::{Checker, FieldErrors};
use grimoire_pipeline::SpellPatch;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::spell::{SamplesBody, SourceWord, StatusWord};
use crate::extract::json::Input;

/// A complete spell in a request. Unknown fields are ignored, so that a response can be sent back.
// Required fields are options here, so that a missing one is reported together with all other problems.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(example = json!({
    "title": "Use of a moved value (E0382)",
    "description": "A value was used after its ownership went elsewhere.",
    "error_type": "E0382",
    "error_pattern": "use of moved value: `\\w+`",
    "solution_code": "Borrow instead of moving: `&value`.",
    "tags": "ownership,rust",
}))]
pub struct SpellCreate {
    /// The title. Not empty.
    #[schema(required = true, value_type = String, min_length = 1, max_length = 255)]
    title: Option<String>,
    /// The cause of the error and how to recognise it. Not empty.
    #[schema(required = true, value_type = String, min_length = 1, max_length = 65_536)]
    description: Option<String>,
    /// The exception type, code or category that the spell is for. Not empty.
    #[schema(required = true, value_type = String, min_length = 1, max_length = 100)]
    error_type: Option<String>,
    /// A regular expression in linear-time syntax, or plain text (enforced by the prefix `text:`).
    #[schema(required = true, value_type = String, min_length = 1)]
    error_pattern: Option<String>,
    /// The fix. Not empty.
    #[schema(required = true, value_type = String, min_length = 1, max_length = 65_536)]
    solution_code: Option<String>,
    /// Tags, separated by commas.
    #[schema(max_length = 500)]
    tags: Option<String>,
    /// The stable key of the spell in spellbook files. Unique.
    #[schema(min_length = 1, max_length = 100, pattern = "^[a-z0-9-]+$")]
    key: Option<String>,
    /// True if the fix helps with every error of this code, whatever its message. Default `false`, which
    /// is right for broad codes that have several spells.
    covers_code: Option<bool>,
    /// The status. Default `active`.
    status: Option<StatusWord>,
    /// The origin. Default `human`.
    source: Option<SourceWord>,
    /// True if a program wrote the spell. Default `false`.
    auto_generated: Option<bool>,
    /// The author's confidence, in [0, 1].
    #[schema(minimum = 0, maximum = 1)]
    confidence: Option<f64>,
    /// Checked against the pattern.
    #[serde(default, deserialize_with = "object")]
    #[schema(required = false)]
    samples: Option<SamplesBody>,
    /// Where the spell is offered: `global`, which is the default, in the repositories of an account (`octo/*`), or in
    /// one repository (`octo/app`).
    #[serde(default, deserialize_with = "scope")]
    #[schema(value_type = Option<String>, required = false, example = "global", pattern = "^(global|[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}/(\\*|[A-Za-z0-9._-]{1,100}))$")]
    scope: Option<Scope>,
}

impl SpellCreate {
    /// The fields of a complete spell, not yet checked.
    pub(crate) fn into_fields(self) -> SpellFields {
        SpellFields {
            key: self.key,
            title: self.title.unwrap_or_default(),
            description: self.description.unwrap_or_default(),
            error_type: self.error_type.unwrap_or_default(),
            error_pattern: self.error_pattern.unwrap_or_default(),
            covers_code: self.covers_code.unwrap_or_default(),
            solution_code: self.solution_code.unwrap_or_default(),
            tags: self.tags.as_deref().map(parse_tags).unwrap_or_default(),
            status: self.status.map(SpellStatus::from).unwrap_or_default(),
            source: self.source.map(SpellSource::from).unwrap_or_default(),
            auto_generated: self.auto_generated.unwrap_or_default(),
            confidence: self.confidence,
            samples: self.samples.map(Samples::from).unwrap_or_default(),
            scope: self.scope.unwrap_or_default(),
        }
    }
}

impl SpellCreate {
    /// The missing required fields.
    fn missing(&self) -> Vec<&'static str> {
        [
            ("title", &self.title),
            ("description", &self.description),
            ("error_type", &self.error_type),
            ("error_pattern", &self.error_pattern),
            ("solution_code", &self.solution_code),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.is_none().then_some(name))
        .collect()
    }
}

impl Input for SpellCreate {
    type Checked = SpellFields;

    /// Checks only what the operation cannot see: whether a field is missing rather than empty.
    fn check(self) -> Result<SpellFields, FieldErrors> {
        if self.missing().is_empty() {
            return Ok(self.into_fields());
        }
        let fields = self.clone().into_fields();
        self.problems().map_or(Ok(fields), Err)
    }

    fn problems(self) -> Option<FieldErrors> {
        let missing = self.missing();
        let mut checker = Checker::default();
        for name in &missing {
            checker.reject(*name, "is required");
        }
        if let Err(others) = self.into_fields().validate() {
            for error in others.errors().iter().filter(|error| !missing.contains(&error.field.as_str())) {
                checker.reject(&error.field, &error.message);
            }
        }
        checker.finish(()).err()
    }
}

/// Changes to a spell: absent fields are kept. Unknown fields are ignored, so that a response can be sent back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = SpellPatch, example = json!({ "status": "retired" }))]
#[allow(clippy::option_option, reason = "absent, cleared and set are three different wishes")]
pub struct SpellChange {
    /// The title. Not empty.
    #[schema(min_length = 1, max_length = 255)]
    title: Option<String>,
    /// The description. Not empty.
    #[schema(min_length = 1, max_length = 65_536)]
    description: Option<String>,
    /// The exception type, code or category that the spell is for. Not empty.
    #[schema(min_length = 1, max_length = 100)]
    error_type: Option<String>,
    /// A regular expression in linear-time syntax, or plain text (enforced by the prefix `text:`).
    #[schema(min_length = 1)]
    error_pattern: Option<String>,
    /// The fix. Not empty.
    #[schema(min_length = 1, max_length = 65_536)]
    solution_code: Option<String>,
    /// Tags, separated by commas. Null removes all.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, required = false, max_length = 500)]
    tags: Option<Option<String>>,
    /// The stable key. Unique. Null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 100, pattern = "^[a-z0-9-]+$")]
    key: Option<Option<String>>,
    /// True if the fix helps with every error of this code, whatever its message.
    covers_code: Option<bool>,
    /// The status.
    status: Option<StatusWord>,
    /// The origin.
    source: Option<SourceWord>,
    /// True if a program wrote the spell.
    auto_generated: Option<bool>,
    /// The author's confidence, in [0, 1]. Null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<f64>, required = false, minimum = 0, maximum = 1)]
    confidence: Option<Option<f64>>,
    /// Checked against the pattern.
    #[serde(default, deserialize_with = "object")]
    #[schema(required = false)]
    samples: Option<SamplesBody>,
    /// Where the spell is offered.
    #[serde(default, deserialize_with = "scope")]
    #[schema(value_type = Option<String>, required = false, example = "global", pattern = "^(global|[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}/(\\*|[A-Za-z0-9._-]{1,100}))$")]
    scope: Option<Scope>,
}

impl Input for SpellChange {
    type Checked = SpellPatch;

    /// Null removes tags, key and confidence and has no effect elsewhere. The operation checks the resulting spell.
    fn check(self) -> Result<SpellPatch, FieldErrors> {
        Ok(SpellPatch {
            key: self.key,
            title: self.title,
            description: self.description,
            error_type: self.error_type,
            error_pattern: self.error_pattern,
            covers_code: self.covers_code,
            solution_code: self.solution_code,
            tags: self.tags.map(|tags| tags.as_deref().map(parse_tags).unwrap_or_default()),
            status: self.status.map(SpellStatus::from),
            source: self.source.map(SpellSource::from),
            auto_generated: self.auto_generated,
            confidence: self.confidence,
            samples: self.samples.map(Samples::from),
            scope: self.scope,
        })
    }

    fn problems(self) -> Option<FieldErrors> {
        None
    }
}

/// Distinguishes null, which clears a field, from an absent field, which keeps it.
#[allow(clippy::option_option, reason = "absent, cleared and set are three different wishes")]
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// An object or null. serde's own structs also take an array of the fields in order, which no caller means.
fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    struct Object<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = Option<T>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
            T::deserialize(MapAccessDeserializer::new(fields)).map(Some)
        }
    }

    deserializer.deserialize_any(Object(PhantomData))
}

/// A scope as text; null means no change.
fn scope<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Scope>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    let parsed = text.as_deref().map(Scope::parse).transpose();
    // The message needs no field name, because serde adds the field.
    parsed.map_err(|errors| D::Error::custom(&errors.errors()[0].message))
}
