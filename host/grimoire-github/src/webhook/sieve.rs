//! Reads JSON and keeps only the keys that matter.
//!
//! A payload may have 25 MB, of which Grimoire reads a few hundred bytes: what is not wanted is checked
//! to be JSON and dropped as it is read, so that memory follows what is kept.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Keys that are read somewhere, at whatever level. Sorted.
const WANTED: &[&str] = &[
    "action",
    "app",
    "base",
    "check_run",
    "check_suite",
    "conclusion",
    "context",
    "draft",
    "full_name",
    "head",
    "head_sha",
    "id",
    "login",
    "name",
    "number",
    "owner",
    "pull_request",
    "pull_requests",
    "repo",
    "repository",
    "sender",
    "sha",
    "state",
    "status",
    "title",
    "workflow_job",
    "workflow_name",
    "workflow_run",
    "zen",
];

/// How many entries of one array are kept.
const ARRAY_LIMIT: usize = 256;

/// Reads `text` as JSON. Objects hold wanted keys only (the last of a repeated key), arrays their first
/// entries only. Everything else is checked to be JSON, at most 127 levels deep.
pub(super) fn sift(text: &str) -> serde_json::Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Sieve { keep: true }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Sieve {
    keep: bool,
}

impl Sieve {
    fn scalar(self, value: impl Into<Value>) -> Value {
        if self.keep { value.into() } else { Value::Null }
    }
}

impl<'de> DeserializeSeed<'de> for Sieve {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        // Not `IgnoredAny` for what is dropped: it would accept any depth.
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Sieve {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(self.scalar(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(self.scalar(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(self.scalar(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(self.scalar(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut kept = Vec::new();
        loop {
            let keep = self.keep && kept.len() < ARRAY_LIMIT;
            match entries.next_element_seed(Sieve { keep })? {
                Some(value) if keep => kept.push(value),
                Some(_) => {}
                None => return Ok(Value::Array(kept)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        while let Some(key) = entries.next_key_seed(Key)? {
            let wanted =
                if self.keep { WANTED.binary_search(&&*key).ok().map(|at| WANTED[at]) } else { None };
            let value = entries.next_value_seed(Sieve { keep: wanted.is_some() })?;
            if let Some(key) = wanted {
                kept.insert(key.to_owned(), value);
            }
        }
        Ok(Value::Object(kept))
    }
}

/// A key, copied only where it holds escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

    use serde_json::json;

    use super::*;

    #[test]
    fn the_wanted_keys_are_sorted_and_single() {
        assert!(WANTED.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn only_wanted_keys_are_kept_at_every_level() {
        let text =
            r#"{"number": 7, "x": {"number": 1}, "head": {"sha": "a", "y": [1, {"sha": 2}]}, "draft": null}"#;
        assert_eq!(sift(text).unwrap(), json!({"number": 7, "head": {"sha": "a"}, "draft": null}));
    }

    #[test]
    fn the_last_of_a_repeated_key_wins_also_when_escaped() {
        assert_eq!(sift(r#"{"number": 1, "number": 2, "n\u0075mber": 3}"#).unwrap(), json!({"number": 3}));
    }

    #[test]
    fn long_arrays_are_read_to_the_end_and_cut() {
        let text = format!("{{\"pull_requests\": [{}0], \"number\": 1}}", "0,".repeat(1000));
        let value = sift(&text).unwrap();
        assert_eq!(value["pull_requests"].as_array().unwrap().len(), ARRAY_LIMIT);
        assert_eq!(value["number"], 1);
    }

    #[test]
    fn what_is_dropped_must_still_be_json_of_bounded_depth() {
        let nested = |depth: usize| format!("{{\"x\": {}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(sift(&nested(100)).is_ok());
        assert!(sift(&nested(128)).unwrap_err().to_string().contains("recursion limit"));
        assert!(sift(&"[".repeat(1_000_000)).is_err());
        for text in ["", "{", r#"{"x": tru}"#, r#"{"x": "a}"#, "{} {}", r#"{"x" 1}"#, "{1: 2}"] {
            assert!(sift(text).is_err(), "{text:?}");
        }
    }
}
