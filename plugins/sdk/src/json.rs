//! A small JSON reader for the reports that tools print into logs.
//!
//! It reads whole values into [`Value`] and, with [`Objects`], assembles objects that span several
//! lines of a log. It is neither fast nor able to write: reports are rare in a log, and a component
//! without general serialisation code stays small.

use crate::Span;

/// Maximum nesting depth; anything deeper is not a tool's report.
const DEPTH: u32 = 64;
/// Maximum size in bytes of an object that [`Objects`] assembles.
const OBJECT_LIMIT: usize = 4 * 1024 * 1024;

/// A JSON value. Objects keep the order of their members.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean(bool),
    /// Any number.
    Number(f64),
    /// A string, with its escapes resolved.
    Text(String),
    /// An array.
    List(Vec<Value>),
    /// An object.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// Parses one value; `None` unless `text` is exactly one complete value.
    pub fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader { bytes: text.as_bytes(), text, at: 0 };
        let value = reader.value(0)?;
        reader.space();
        (reader.at == reader.bytes.len()).then_some(value)
    }

    /// The member with this name, if this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The value at the end of a path of member names.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |value, name| value.get(name))
    }

    /// The text of the member with this name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Self::as_text)
    }

    /// The member with this name as a whole number that fits.
    pub fn number(&self, name: &str) -> Option<u32> {
        self.get(name).and_then(Self::as_number)
    }

    /// The elements of the member with this name; empty if it is not a list.
    pub fn list(&self, name: &str) -> &[Self] {
        self.get(name).map_or(&[], Self::as_list)
    }

    /// The text, if this is a string.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if this is a whole one from 0 to 4,294,967,295.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
    pub fn as_number(&self) -> Option<u32> {
        match self {
            Self::Number(number) if (0.0..=f64::from(u32::MAX)).contains(number) && number.fract() == 0.0 => {
                Some(*number as u32)
            }
            _ => None,
        }
    }

    /// The elements; empty if this is not a list.
    pub fn as_list(&self) -> &[Self] {
        match self {
            Self::List(values) => values,
            _ => &[],
        }
    }

    /// Returns true if this is `true`.
    pub fn is_true(&self) -> bool {
        matches!(self, Self::Boolean(true))
    }
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.bytes.get(self.at) == Some(&byte)).then(|| self.at += 1)
    }

    fn value(&mut self, depth: u32) -> Option<Value> {
        if depth > DEPTH {
            return None;
        }
        self.space();
        match self.bytes.get(self.at)? {
            b'{' => self.object(depth),
            b'[' => self.list(depth),
            b'"' => self.string().map(Value::Text),
            b't' => self.word("true", Value::Boolean(true)),
            b'f' => self.word("false", Value::Boolean(false)),
            b'n' => self.word("null", Value::Null),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        self.text[self.at..].starts_with(word).then(|| {
            self.at += word.len();
            value
        })
    }

    fn number(&mut self) -> Option<Value> {
        let start = self.at;
        while matches!(self.bytes.get(self.at), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        self.text[start..self.at].parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Number)
    }

    fn list(&mut self, depth: u32) -> Option<Value> {
        self.at += 1;
        let mut values = Vec::new();
        self.space();
        if self.take(b']').is_some() {
            return Some(Value::List(values));
        }
        loop {
            values.push(self.value(depth + 1)?);
            self.space();
            if self.take(b']').is_some() {
                return Some(Value::List(values));
            }
            self.take(b',')?;
        }
    }

    fn object(&mut self, depth: u32) -> Option<Value> {
        self.at += 1;
        let mut members = Vec::new();
        self.space();
        if self.take(b'}').is_some() {
            return Some(Value::Object(members));
        }
        loop {
            self.space();
            let key = self.string()?;
            self.space();
            self.take(b':')?;
            members.push((key, self.value(depth + 1)?));
            self.space();
            if self.take(b'}').is_some() {
                return Some(Value::Object(members));
            }
            self.take(b',')?;
        }
    }

    fn string(&mut self) -> Option<String> {
        self.take(b'"')?;
        let mut out = String::new();
        loop {
            let rest = &self.bytes[self.at..];
            let plain = memchr::memchr2(b'"', b'\\', rest)?;
            out.push_str(&self.text[self.at..self.at + plain]);
            self.at += plain + 1;
            if rest[plain] == b'"' {
                return Some(out);
            }
            let escape = *self.bytes.get(self.at)?;
            self.at += 1;
            out.push(match escape {
                b'n' => '\n',
                b't' => '\t',
                b'r' => '\r',
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'u' => self.unicode()?,
                b'"' | b'\\' | b'/' => char::from(escape),
                _ => return None,
            });
        }
    }

    /// The character of `\uXXXX`, including surrogate pairs; a lone surrogate becomes U+FFFD.
    fn unicode(&mut self) -> Option<char> {
        let high = self.hexadecimal()?;
        if (0xD800..0xDC00).contains(&high) && self.bytes[self.at..].starts_with(b"\\u") {
            let back = self.at;
            self.at += 2;
            let low = self.hexadecimal()?;
            if (0xDC00..0xE000).contains(&low) {
                return char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00));
            }
            self.at = back;
        }
        Some(char::from_u32(high).unwrap_or('\u{FFFD}'))
    }

    fn hexadecimal(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    }
}

/// Assembles the JSON objects of a log, each on one line or spread over many. The objects inside a
/// top-level array are returned one by one, so that a long report needs memory only for its longest
/// element. Text that proves not to be JSON is dropped at the first line that shows it.
#[derive(Debug, Default)]
pub struct Objects {
    /// The object so far.
    object: String,
    span: Span,
    /// Number of open braces and brackets inside the object.
    depth: u32,
    /// True if a top-level array around the objects is open.
    in_list: bool,
    in_string: bool,
    escaped: bool,
    /// True if the last token was `{`, after which JSON allows only a string or `}`. This
    /// distinguishes JSON from values printed for people (`{` and `name: 1`).
    opened: bool,
}

impl Objects {
    /// Reads a line and passes each object that ends in it to `found`, with its span. Returns true
    /// if the line was (part of) JSON, so that nothing else needs to read it.
    pub fn line(&mut self, text: &str, span: Span, found: &mut impl FnMut(&Value, Span)) -> bool {
        if self.depth == 0 && !self.in_list && !starts_json(text) {
            return false;
        }
        let valid = self.scan(text, span, found);
        // A JSON string never spans lines.
        if !valid || self.in_string {
            *self = Self::default();
            return valid;
        }
        if self.depth > 0 {
            self.object.push('\n');
        }
        true
    }

    fn scan(&mut self, text: &str, span: Span, found: &mut impl FnMut(&Value, Span)) -> bool {
        let bytes = text.as_bytes();
        let mut kept = 0;
        let mut at = 0;
        while at < bytes.len() {
            if self.in_string {
                at += self.skip_string(&bytes[at..]);
                continue;
            }
            let byte = bytes[at];
            at += 1;
            if matches!(byte, b' ' | b'\t') {
                continue;
            }
            if std::mem::take(&mut self.opened) && !matches!(byte, b'"' | b'}') {
                return false;
            }
            match byte {
                b'{' | b'[' if self.depth > 0 => {
                    self.depth += 1;
                    self.opened = byte == b'{';
                }
                b'{' => {
                    self.depth = 1;
                    self.opened = true;
                    self.span = span;
                    kept = at - 1;
                }
                b'[' if !self.in_list => self.in_list = true,
                b']' if self.depth == 0 && self.in_list => self.in_list = false,
                b',' if self.depth == 0 && self.in_list => {}
                b'}' | b']' if self.depth > 1 => self.depth -= 1,
                b'}' if self.depth == 1 => {
                    self.depth = 0;
                    self.object.push_str(&text[kept..at]);
                    kept = at;
                    if let Some(value) = Value::parse(&self.object) {
                        found(&value, self.span.to(span));
                    }
                    self.object.clear();
                }
                b'"' if self.depth > 0 => self.in_string = true,
                _ if self.depth > 0 => {}
                // Text after a complete object on its line is not part of it; anything else is not JSON.
                _ => return false,
            }
        }
        if self.depth > 0 {
            self.object.push_str(&text[kept..]);
        }
        self.object.len() <= OBJECT_LIMIT
    }

    /// Number of bytes of a string that are skipped.
    fn skip_string(&mut self, bytes: &[u8]) -> usize {
        if std::mem::take(&mut self.escaped) {
            return 1;
        }
        match memchr::memchr2(b'"', b'\\', bytes) {
            None => bytes.len(),
            Some(at) => {
                self.in_string = bytes[at] != b'"';
                self.escaped = bytes[at] == b'\\';
                at + 1
            }
        }
    }
}

/// Returns true if JSON may start with this line: `{`, `{"`, `[`, `[{`, `[]`.
fn starts_json(text: &str) -> bool {
    let mut bytes = text.bytes().filter(|byte| !matches!(byte, b' ' | b'\t'));
    match bytes.next() {
        Some(b'{') => matches!(bytes.next(), None | Some(b'"')),
        Some(b'[') => matches!(bytes.next(), None | Some(b'{')),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn objects(text: &str) -> Vec<(Value, Span)> {
        let (mut objects, mut all, mut start) = (Objects::default(), Vec::new(), 0);
        for line in text.split_inclusive('\n') {
            let shown = line.trim_end_matches('\n');
            let span = Span { start, end: start + shown.len() as u64 };
            start += line.len() as u64;
            objects.line(shown, span, &mut |value, span| {
                all.push((value.clone(), span));
            });
        }
        all
    }

    #[test]
    fn reads_every_kind_of_value() {
        let value =
            Value::parse(r#" {"a":[1,-2.5e1,true,false,null],"b":"x\n\u00e9\ud83d\ude00\"\/"} "#).unwrap();
        assert_eq!(value.list("a").len(), 5);
        assert_eq!(value.list("a")[1], Value::Number(-25.0));
        assert_eq!(value.list("a")[0].as_number(), Some(1));
        assert_eq!(value.list("a")[1].as_number(), None);
        assert!(value.list("a")[2].is_true());
        assert_eq!(value.text("b"), Some("x\né😀\"/"));
        assert_eq!(value.at(&["b", "c"]), None);
    }

    #[test]
    fn refuses_what_is_not_one_value() {
        for text in ["", "{", "[1,]", "{\"a\" 1}", "1 2", "\"\\x\"", "\"\\u12\"", "nul", "1e999", "{a:1}"] {
            assert_eq!(Value::parse(text), None, "{text}");
        }
        assert_eq!(Value::parse(&"[".repeat(100_000)), None);
    }

    #[test]
    fn finds_objects_on_one_line_and_on_many() {
        let text = "noise\n[{\"a\":1},{\"a\":2}]\nmore\n[\n  {\n    \"a\": 3\n  },\n  {\"a\": \"}\"}\n]\n{\"a\":5}\n";
        let found = objects(text);
        let values: Vec<_> = found.iter().map(|(value, _)| value.get("a").unwrap().clone()).collect();
        let number = |number| Value::Number(number);
        assert_eq!(values, [number(1.0), number(2.0), number(3.0), Value::Text("}".into()), number(5.0)]);
        let span = found[2].1;
        assert_eq!(
            &text[usize::try_from(span.start).unwrap()..usize::try_from(span.end).unwrap()],
            "  {\n    \"a\": 3\n  },"
        );
    }

    #[test]
    fn lets_go_what_is_no_json() {
        let found = objects("{\n  name: 1,\n[\nplain text\n[INFO] x\n{\"a\": \"open\n{\"a\":1}\n");
        assert_eq!(found.len(), 1);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[\\[\\]{}\",:a0\\\\u \n-]{0,200}") {
            let _ = Value::parse(&text);
            objects(&text);
        }
    }
}
