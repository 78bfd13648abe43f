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

/// Maximum number of errors that are reported. A spellbook may have any number of wrong spells.
const REPORTED: usize = 100;

/// Collects the errors of several fields, so that all are reported at once.
#[derive(Debug, Default)]
pub struct Checker {
    errors: Vec<FieldError>,
    /// Number of errors beyond the maximum.
    further: usize,
}

impl Checker {
    /// Records an error about a field.
    pub fn reject(&mut self, field: impl Into<String>, message: impl Into<String>) {
        if self.errors.len() < REPORTED {
            self.errors.push(FieldError { field: field.into(), message: message.into() });
        } else {
            self.further += 1;
        }
    }

    /// Records the errors of another check.
    pub fn append(&mut self, errors: FieldErrors) {
        for FieldError { field, message } in errors.0 {
            self.reject(field, message);
        }
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
    pub fn finish<T>(mut self, value: T) -> Result<T, FieldErrors> {
        match self.errors.last_mut() {
            None => Ok(value),
            Some(last) => {
                if self.further > 0 {
                    last.message.push_str(&format!("; {} further errors are not listed", self.further));
                }
                Err(FieldErrors(self.errors))
            }
        }
    }
}

fn summary(errors: &[FieldError]) -> String {
    errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect::<Vec<_>>().join("; ")
}
