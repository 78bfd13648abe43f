// The matcher's input and output as JSON, shared by both sides and by the benchmark that writes the question. What is an
// enum in the contract is the number of its case here.

use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Question {
    pub(crate) error: Error,
    pub(crate) candidates: Vec<Candidate>,
}

#[allow(clippy::struct_field_names, reason = "the names of the contract")]
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Error {
    pub(crate) tool: String,
    pub(crate) error_type: String,
    pub(crate) code: Option<String>,
    pub(crate) message: String,
    pub(crate) severity: u8,
    pub(crate) role: u8,
    pub(crate) confidence: u8,
    pub(crate) context: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Candidate {
    pub(crate) id: u64,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) error_type: String,
    pub(crate) error_pattern: String,
    pub(crate) covers_code: bool,
    pub(crate) solution_code: String,
    pub(crate) tags: Vec<String>,
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) keyword: f64,
    pub(crate) pattern: Pattern,
    pub(crate) code: u8,
    pub(crate) language: u8,
    pub(crate) evidence_facts: Vec<(String, String)>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Pattern {
    Untried,
    Missed,
    Hit { text: String, telling: u32, in_message: bool },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Verdict {
    pub(crate) candidate: u32,
    pub(crate) score: f64,
    pub(crate) shown: bool,
    pub(crate) reasons: Vec<Reason>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reason {
    pub(crate) signal: String,
    pub(crate) weight: f64,
    pub(crate) detail: String,
}

/// What the host prints.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// Microseconds of each call in a fresh instance.
    pub(crate) fresh: Vec<f64>,
    /// Microseconds of each call without work in a fresh instance.
    pub(crate) empty: Vec<f64>,
    /// Seconds to compile the plugin.
    pub(crate) compile: f64,
    /// The answer to the question, the same in every call.
    pub(crate) verdicts: Vec<Verdict>,
}
