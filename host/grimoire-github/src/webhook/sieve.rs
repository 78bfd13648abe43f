//! Reads JSON and keeps only the keys that matter.
//!
//! A payload may have 25 MB, of which Grimoire reads a few hundred bytes: what is not wanted is checked
//! to be JSON and dropped as it is read, so that memory follows what is kept.

use std::borrow::Cow;
use std::fmt;
use std::ops::Index;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize as _, Deserializer};

/// What was kept of a payload. Texts without escapes stay where they are in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kept<'p> {
    /// Null, or nothing at all.
    Nothing,
    Boolean(bool),
    /// A whole number from 0.
    Number(u64),
    /// A negative number or a fraction: nothing that is read is one.
    OtherNumber,
    Text(Cow<'p, str>),
    List(Vec<Self>),
    /// Each key once. Objects have few keys that are wanted: looking at all of them is quick.
    Object(Vec<(&'static str, Self)>),
}

impl Kept<'_> {
    pub(super) fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    pub(super) fn as_bool(&self) -> Option<bool> {
        if let Self::Boolean(value) = self { Some(*value) } else { None }
    }

    pub(super) fn as_u64(&self) -> Option<u64> {
        if let Self::Number(value) = self { Some(*value) } else { None }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The entries of a list; none of anything else.
    pub(super) fn entries(&self) -> &[Self] {
        if let Self::List(entries) = self { entries } else { &[] }
    }
}

impl<'p> Index<&str> for Kept<'p> {
    type Output = Kept<'p>;

    /// The value under a key of an object; `Nothing` where there is none.
    fn index(&self, key: &str) -> &Self {
        let Self::Object(members) = self else { return &Self::Nothing };
        members.iter().find(|(name, _)| *name == key).map_or(&Self::Nothing, |(_, value)| value)
    }
}

macro_rules! wanted_keys {
    ($($key:literal)+) => {
        /// The key, if it is read somewhere, at whatever level. A `match` and no list: it is asked of every key.
        fn wanted(key: &str) -> Option<&'static str> {
            match key {
                $($key => Some($key),)+
                _ => None,
            }
        }
    };
}

wanted_keys! {
    "action"
    "app"
    "base"
    "check_run"
    "check_suite"
    "conclusion"
    "context"
    "draft"
    "full_name"
    "head"
    "head_sha"
    "id"
    "login"
    "name"
    "number"
    "owner"
    "pull_request"
    "pull_requests"
    "repo"
    "repository"
    "sender"
    "sha"
    "state"
    "status"
    "title"
    "workflow_job"
    "workflow_name"
    "workflow_run"
    "zen"
}

/// How many entries of one array are kept.
const ARRAY_LIMIT: usize = 256;

/// How many levels deep JSON may be.
const LEVELS: usize = 127;

/// Reads `text` as JSON. Objects hold wanted keys only (the last of a repeated key), arrays their first
/// entries only. Everything else is checked to be JSON, at most 127 levels deep.
pub(super) fn sift(text: &str) -> serde_json::Result<Kept<'_>> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let shallow = possible_levels(text.as_bytes()) <= LEVELS;
    let value = Sieve { keep: true, shallow }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// How many levels deep a text can be at most: how many brackets it has that may open one. In JSON
/// those come first or after a space, a colon, a comma or another bracket; those of `/commits{/sha}`
/// do not, of which payloads have many.
fn possible_levels(text: &[u8]) -> usize {
    // Both brackets differ from each other in this bit only.
    let is_bracket = |byte: u8| byte | 0x20 == b'{';
    let opens = |(before, byte): (&u8, &u8)| {
        let first = *before <= b' ' || *before == b':' || *before == b',' || is_bracket(*before);
        u8::from(first & is_bracket(*byte))
    };
    // In pieces whose count fits a byte: so the compiler makes it many bytes at a time.
    let pieces = text.chunks(255).zip(text.get(1..).unwrap_or_default().chunks(255));
    let counted = pieces.map(|(before, piece)| usize::from(before.iter().zip(piece).map(opens).sum::<u8>()));
    1 + counted.sum::<usize>()
}

#[derive(Clone, Copy)]
struct Sieve {
    keep: bool,
    /// The text cannot be deeper than allowed, so that nobody has to count levels.
    shallow: bool,
}

impl<'de> DeserializeSeed<'de> for Sieve {
    type Value = Kept<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Kept<'de>, D::Error> {
        if !self.keep && self.shallow {
            return IgnoredAny::deserialize(deserializer).map(|_| Kept::Nothing);
        }
        // Not `IgnoredAny` for what is dropped from a deep text: it would accept any depth.
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Sieve {
    type Value = Kept<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Kept<'de>, E> {
        Ok(Kept::Nothing)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Kept<'de>, E> {
        Ok(Kept::Boolean(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Kept<'de>, E> {
        Ok(Kept::Number(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Kept<'de>, E> {
        Ok(u64::try_from(value).map_or(Kept::OtherNumber, Kept::Number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Kept<'de>, E> {
        Ok(Kept::OtherNumber)
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Kept<'de>, E> {
        Ok(Kept::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Kept<'de>, E> {
        Ok(if self.keep { Kept::Text(Cow::Owned(value.to_owned())) } else { Kept::Nothing })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Kept<'de>, A::Error> {
        let mut kept = Vec::new();
        loop {
            let keep = self.keep && kept.len() < ARRAY_LIMIT;
            match entries.next_element_seed(Sieve { keep, ..self })? {
                Some(value) if keep => kept.push(value),
                Some(_) => {}
                None => return Ok(Kept::List(kept)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Kept<'de>, A::Error> {
        let mut kept: Vec<(&'static str, Kept<'de>)> = Vec::new();
        while let Some(key) = entries.next_key_seed(Key)? {
            let key = if self.keep { wanted(&key) } else { None };
            let value = entries.next_value_seed(Sieve { keep: key.is_some(), ..self })?;
            let Some(key) = key else { continue };
            match kept.iter_mut().find(|(name, _)| *name == key) {
                Some((_, before)) => *before = value,
                None => kept.push((key, value)),
            }
        }
        Ok(Kept::Object(kept))
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

    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;

    fn value_of(kept: &Kept<'_>) -> Value {
        match kept {
            Kept::Nothing => Value::Null,
            Kept::Boolean(value) => Value::from(*value),
            Kept::Number(value) => Value::from(*value),
            Kept::OtherNumber => "another number".into(),
            Kept::Text(text) => Value::from(text.as_ref()),
            Kept::List(entries) => entries.iter().map(value_of).collect(),
            Kept::Object(members) => members.iter().map(|(key, value)| (*key, value_of(value))).collect(),
        }
    }

    fn sifted(text: &str) -> Value {
        value_of(&sift(text).unwrap())
    }

    #[test]
    fn only_wanted_keys_are_kept_at_every_level() {
        let text =
            r#"{"number": 7, "x": {"number": 1}, "head": {"sha": "a", "y": [1, {"sha": 2}]}, "draft": null}"#;
        assert_eq!(sifted(text), json!({"number": 7, "head": {"sha": "a"}, "draft": null}));
    }

    #[test]
    fn the_last_of_a_repeated_key_wins_also_when_escaped() {
        assert_eq!(sifted(r#"{"number": 1, "number": 2, "n\u0075mber": 3}"#), json!({"number": 3}));
    }

    #[test]
    fn texts_and_numbers_of_every_kind_are_read() {
        let text = r#"{"title": "a\n\u00e9\"b", "name": "plain é", "number": -1, "id": 0.5, "state": 18446744073709551615, "draft": true}"#;
        let expected = json!({
            "title": "a\né\"b", "name": "plain é", "number": "another number", "id": "another number",
            "state": u64::MAX, "draft": true,
        });
        assert_eq!(sifted(text), expected);
    }

    #[test]
    fn long_arrays_are_read_to_the_end_and_cut() {
        let text = format!("{{\"pull_requests\": [{}0], \"number\": 1}}", "0,".repeat(1000));
        let value = sift(&text).unwrap();
        assert_eq!(value["pull_requests"].entries().len(), ARRAY_LIMIT);
        assert_eq!(value["number"].as_u64(), Some(1));
    }

    #[test]
    fn what_is_dropped_must_still_be_json_of_bounded_depth() {
        let nested = |depth: usize| format!("{{\"x\": {}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(sift(&nested(100)).is_ok());
        assert!(sift(&nested(128)).unwrap_err().to_string().contains("recursion limit"));
        assert!(sift(&"[".repeat(1_000_000)).is_err());
        let wide = |depth: usize| format!("[{}{}]", "[],".repeat(LEVELS), nested(depth));
        assert!(sift(&wide(100)).is_ok(), "many brackets are not deep ones");
        assert!(sift(&wide(128)).unwrap_err().to_string().contains("recursion limit"));
        for text in ["", "{", r#"{"x": tru}"#, r#"{"x": "a}"#, "{} {}", r#"{"x" 1}"#, "{1: 2}"] {
            assert!(sift(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        /// What is not read passes through two doors; both let through the same and see the same.
        #[test]
        fn a_shallow_text_is_read_as_a_deep_one(payload in payloads()) {
            let text = payload.to_string();
            let shallow = sift(&text).unwrap();
            let deep = format!("[{}{text}]", "[],".repeat(LEVELS));
            let deep = sift(&deep).unwrap();
            prop_assert_eq!(&shallow, &deep.entries()[LEVELS]);
        }

        #[test]
        fn no_text_is_deeper_than_its_possible_levels(payload in payloads(), spaced: bool) {
            fn depth(value: &Value) -> usize {
                match value {
                    Value::Array(entries) => 1 + entries.iter().map(depth).max().unwrap_or(0),
                    Value::Object(entries) => 1 + entries.values().map(depth).max().unwrap_or(0),
                    _ => 0,
                }
            }
            let text = if spaced { format!("{payload:#}") } else { payload.to_string() };
            prop_assert!(possible_levels(text.as_bytes()) >= depth(&payload));
        }
    }

    /// JSON with wanted and other keys, and with brackets in its texts.
    fn payloads() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            r#"[a-z \[\]{}",:\\é]{0,12}"#.prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 6, |inner| {
            let key = prop_oneof![Just("head".to_owned()), Just("number".to_owned()), "[a-z{]{1,4}"];
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::vec((key, inner), 0..6)
                    .prop_map(|entries| entries.into_iter().collect::<Map<_, _>>().into()),
            ]
        })
    }
}
