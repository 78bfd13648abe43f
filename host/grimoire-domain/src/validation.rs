//! Validation errors with the name of the field.

use serde::{Deserialize, Serialize};

use crate::text::is_blank;

/// An error about one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field as the caller wrote it: `title`, `samples.must_match[0]`.
    pub field: String,
    /// A sentence that says what is wrong and what is allowed.
    pub message: String,
}

/// All errors of one input, in the order of its fields. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}", summary(.0))]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// One error about one field.
    pub fn one(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self(vec![FieldError { field: field.into(), message: message.into() }])
    }

    /// The errors, at least one.
    pub fn errors(&self) -> &[FieldError] {
        &self.0
    }
}

/// Collects the errors of several fields, so that all are reported at once.
#[derive(Debug, Default)]
pub struct Checker(Vec<FieldError>);

impl Checker {
    /// Records an error about a field.
    pub fn reject(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), message: message.into() });
    }

    /// Records the errors of another check.
    pub fn append(&mut self, errors: FieldErrors) {
        self.0.extend(errors.0);
    }

    /// Rejects text that is blank or longer than `limit` characters.
    pub fn required(&mut self, field: &str, value: &str, limit: usize) {
        if is_blank(value) {
            self.reject(field, "must not be empty");
        }
        self.at_most(field, value, limit);
    }

    /// Rejects text longer than `limit` characters.
    pub fn at_most(&mut self, field: &str, value: &str, limit: usize) {
        // A string of at most `limit` bytes cannot have more characters, so most values need no count.
        if value.len() > limit {
            let length = value.chars().count();
            if length > limit {
                self.reject(field, format!("must have at most {limit} characters, has {length}"));
            }
        }
    }

    /// Returns `value` if nothing was rejected, else all errors.
    pub fn finish<T>(self, value: T) -> Result<T, FieldErrors> {
        if self.0.is_empty() { Ok(value) } else { Err(FieldErrors(self.0)) }
    }
}

fn summary(errors: &[FieldError]) -> String {
    errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect::<Vec<_>>().join("; ")
}
