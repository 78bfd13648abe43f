//! Lenient reading of JSON with any content.
//!
//! A payload may have 25 MB, of which Grimoire reads a few hundred bytes. Members without a struct field are
//! checked to be JSON of bounded depth and dropped while reading. A field whose value is missing, null or of
//! another type keeps its default. `#[derive(Deserialize)]` offers neither: it rejects repeated keys, and cannot
//! continue after a value of another type.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// Maximum number of array entries that are kept.
pub(super) const ARRAY_LIMIT: usize = 256;

/// A value that is read from certain JSON types, and has its default for all others.
pub(super) trait Lenient: Default {
    fn from_bool(_: bool) -> Self {
        Self::default()
    }

    fn from_number(_: u64) -> Self {
        Self::default()
    }

    fn from_text(_: &str) -> Self {
        Self::default()
    }

    fn from_array<'de, A: SeqAccess<'de>>(mut entries: A) -> Result<Self, A::Error> {
        while entries.next_element_seed(Seed::<Ignored>::new())?.is_some() {}
        Ok(Self::default())
    }

    fn from_object<'de, A: MapAccess<'de>>(mut members: A) -> Result<Self, A::Error> {
        while next_key(&mut members)?.is_some() {
            next_value::<Ignored, A>(&mut members)?;
        }
        Ok(Self::default())
    }
}

impl Lenient for Option<bool> {
    fn from_bool(value: bool) -> Self {
        Some(value)
    }
}

/// Whole numbers from 0; a negative number or a fraction gives `None`.
impl Lenient for Option<u64> {
    fn from_number(value: u64) -> Self {
        Some(value)
    }
}

impl Lenient for Option<String> {
    fn from_text(text: &str) -> Self {
        Some(text.to_owned())
    }
}

/// The first entries of an array.
impl<T: Lenient> Lenient for Vec<T> {
    fn from_array<'de, A: SeqAccess<'de>>(mut entries: A) -> Result<Self, A::Error> {
        let mut kept = Self::new();
        while kept.len() < ARRAY_LIMIT {
            match entries.next_element_seed(Seed::new())? {
                Some(entry) => kept.push(entry),
                None => return Ok(kept),
            }
        }
        Ignored::from_array(entries)?;
        Ok(kept)
    }
}

/// Ignores any value.
#[derive(Default)]
pub(super) struct Ignored;

impl Lenient for Ignored {}

/// Structs whose fields are read from the object members of the same names; of repeated names, the last one
/// counts.
macro_rules! objects {
    ($($(#[$attribute:meta])* struct $name:ident { $($field:ident: $value:ty),+ $(,)? })+) => {$(
        $(#[$attribute])*
        #[derive(Debug, Default)]
        pub(super) struct $name { $(pub(super) $field: $value),+ }

        impl $crate::webhook::lenient::Lenient for $name {
            fn from_object<'de, A: serde::de::MapAccess<'de>>(mut members: A) -> Result<Self, A::Error> {
                use $crate::webhook::lenient::{Ignored, next_key, next_value};
                let mut object = Self::default();
                while let Some(key) = next_key(&mut members)? {
                    match key.as_ref() {
                        $(stringify!($field) => object.$field = next_value(&mut members)?,)+
                        _ => {
                            next_value::<Ignored, A>(&mut members)?;
                        }
                    }
                }
                Ok(object)
            }
        }
    )+};
}
pub(super) use objects;

/// Reads `text` as JSON, at most 127 levels deep. `None` for JSON that is not an object.
pub(super) fn read_object<T: Lenient>(text: &str) -> serde_json::Result<Option<T>> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let Document(object) = Seed::new().deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(object)
}

struct Document<T>(Option<T>);

impl<T> Default for Document<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Lenient> Lenient for Document<T> {
    fn from_object<'de, A: MapAccess<'de>>(members: A) -> Result<Self, A::Error> {
        T::from_object(members).map(|object| Self(Some(object)))
    }
}

/// The next key of an object, copied only if it contains escapes.
pub(super) fn next_key<'de, A: MapAccess<'de>>(members: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
    members.next_key_seed(Key)
}

/// The value of the last key read.
pub(super) fn next_value<'de, T: Lenient, A: MapAccess<'de>>(members: &mut A) -> Result<T, A::Error> {
    members.next_value_seed(Seed::new())
}

struct Seed<T>(PhantomData<T>);

impl<T> Seed<T> {
    fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T: Lenient> DeserializeSeed<'de> for Seed<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        // Dropped values are visited too, because `IgnoredAny` would accept any depth.
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Lenient> Visitor<'de> for Seed<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_bool<E>(self, value: bool) -> Result<T, E> {
        Ok(T::from_bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<T, E> {
        Ok(T::from_number(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<T, E> {
        Ok(u64::try_from(value).map(T::from_number).unwrap_or_default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_str<E>(self, value: &str) -> Result<T, E> {
        Ok(T::from_text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, entries: A) -> Result<T, A::Error> {
        T::from_array(entries)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::from_object(members)
    }
}

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

    use super::*;

    objects! {
        #[derive(PartialEq)]
        struct Outer { number: Option<u64>, title: Option<String>, draft: Option<bool>, inner: Inner, list: Vec<Inner> }
        #[derive(PartialEq)]
        struct Inner { number: Option<u64> }
    }

    fn read(text: &str) -> Outer {
        read_object(text).unwrap().unwrap()
    }

    #[test]
    fn fields_are_read_and_everything_else_is_dropped() {
        let outer = read(
            r#"{"x": [1, {"number": 2}], "number": 7, "t\u0069tle": "a\n\u00e9\"b", "inner": {"number": 3, "y": {}},
                "list": [{"number": 1}, null, "odd", {"z": 1}], "draft": true}"#,
        );
        let inner = |number| Inner { number };
        let expected = Outer {
            number: Some(7),
            title: Some("a\né\"b".to_owned()),
            draft: Some(true),
            inner: inner(Some(3)),
            list: vec![inner(Some(1)), inner(None), inner(None), inner(None)],
        };
        assert_eq!(outer, expected);
    }

    #[test]
    fn values_of_other_types_are_none() {
        for odd in ["null", "-1", "0.5", "1e3", "[]", "[[{}]]", "{}", r#"{"number": {"number": 1}}"#] {
            let text = format!(
                r#"{{"number": {odd}, "title": {odd}, "draft": {odd}, "list": {odd}, "inner": {odd}}}"#
            );
            let mut outer = read(&text);
            outer.list.clear();
            assert_eq!(outer, Outer::default(), "{odd}");
        }
        assert_eq!(read(r#"{"number": 18446744073709551615}"#).number, Some(u64::MAX));
    }

    #[test]
    fn the_last_of_a_repeated_key_wins_also_when_escaped() {
        assert_eq!(read(r#"{"number": 1, "number": 2, "n\u0075mber": 3}"#).number, Some(3));
        assert_eq!(read(r#"{"inner": {"number": 1}, "inner": 1}"#).inner, Inner::default());
    }

    #[test]
    fn long_arrays_are_read_to_the_end_and_cut() {
        let outer = read(&format!(r#"{{"list": [{}0], "number": 1}}"#, "0,".repeat(1_000)));
        assert_eq!((outer.list.len(), outer.number), (ARRAY_LIMIT, Some(1)));
    }

    #[test]
    fn only_an_object_is_one() {
        for text in ["[]", "null", "1", "\"{}\""] {
            assert_eq!(read_object::<Outer>(text).unwrap(), None, "{text}");
        }
    }

    #[test]
    fn what_is_dropped_must_still_be_json_of_bounded_depth() {
        let nested = |depth: usize| format!("{{\"x\": {}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(read_object::<Outer>(&nested(100)).is_ok());
        assert!(read_object::<Outer>(&nested(128)).unwrap_err().to_string().contains("recursion limit"));
        assert!(read_object::<Outer>(&"[".repeat(1_000_000)).is_err());
        for text in ["", "{", r#"{"x": tru}"#, r#"{"x": "a}"#, "{} {}", r#"{"x" 1}"#, "{1: 2}"] {
            assert!(read_object::<Outer>(text).is_err(), "{text:?}");
        }
    }
}
