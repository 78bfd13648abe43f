//! The fields of spans and events as JSON, written as they come. The formatter that `tracing-subscriber`
//! has collects them in a map first, which every request would pay for, also those that log nothing.

use std::fmt::{self, Write as _};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FormatFields, FormattedFields};

/// Room for the fields of most spans, in bytes.
const ROOM: usize = 160;

/// Writes the fields of a span as the members of a JSON object, without its braces.
#[derive(Debug, Clone, Copy)]
pub(super) struct MembersOfSpans;

impl<'w> FormatFields<'w> for MembersOfSpans {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        // In one piece, because what is behind the writer begins without any room and grows.
        writer.write_str(&members_of(fields)?)
    }

    fn add_fields(&self, current: &'w mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        let read = |members: &str| serde_json::from_str::<Map<String, Value>>(&format!("{{{members}}}"));
        let merge = |added: &str| {
            let mut all = read(&current.fields)?;
            // Of a field that is recorded again the last value stays.
            all.extend(read(added)?);
            serde_json::to_string(&all)
        };
        let merged = merge(&members_of(fields)?).map_err(|_| fmt::Error)?;
        merged[1..merged.len() - 1].clone_into(&mut current.fields);
        Ok(())
    }
}

fn members_of(fields: impl RecordFields) -> Result<String, fmt::Error> {
    let mut text = String::with_capacity(ROOM);
    let mut members = Members::first(&mut text);
    fields.record(&mut members);
    members.finish()?;
    Ok(text)
}

/// Writes members of a JSON object.
pub(super) struct Members<W> {
    writer: W,
    first: bool,
    result: fmt::Result,
}

impl<W: fmt::Write> Members<W> {
    /// Those that an object begins with.
    pub(super) fn first(writer: W) -> Self {
        Self { writer, first: true, result: Ok(()) }
    }

    /// More of them.
    pub(super) fn after_others(writer: W) -> Self {
        Self { writer, first: false, result: Ok(()) }
    }

    /// A text.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.member(name, |writer| quoted(writer, |text| text.write_str(value)));
    }

    /// Whether all could be written.
    pub(super) fn finish(self) -> fmt::Result {
        self.result
    }

    fn member(&mut self, name: &str, value: impl FnOnce(&mut W) -> fmt::Result) {
        if self.result.is_ok() {
            self.result = self.written(name, value);
        }
    }

    fn written(&mut self, name: &str, value: impl FnOnce(&mut W) -> fmt::Result) -> fmt::Result {
        // Names are identifiers of the program or literals of it: nothing in them needs an escape.
        self.writer.write_str(if std::mem::take(&mut self.first) { "\"" } else { ",\"" })?;
        self.writer.write_str(name)?;
        self.writer.write_str("\":")?;
        value(&mut self.writer)
    }

    fn plain(&mut self, field: &Field, value: impl fmt::Display) {
        self.member(field.name(), |writer| write!(writer, "{value}"));
    }
}

impl<W: fmt::Write> Visit for Members<W> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // Infinities have no place in JSON.
        if value.is_finite() {
            self.plain(field, value);
        } else {
            self.text(field.name(), &value.to_string());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.member(field.name(), |writer| quoted(writer, |text| write!(text, "{value:?}")));
    }
}

/// Writes a text between quotes, with the escapes that JSON wants.
fn quoted<W: fmt::Write>(
    writer: &mut W,
    write: impl FnOnce(&mut Escaped<'_, W>) -> fmt::Result,
) -> fmt::Result {
    writer.write_char('"')?;
    write(&mut Escaped(writer))?;
    writer.write_char('"')
}

struct Escaped<'e, W>(&'e mut W);

impl<W: fmt::Write> fmt::Write for Escaped<'_, W> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        // Most texts of a log are plain ones. All bytes are looked at, so that the compiler takes many at a time.
        let special = |byte: u8| matches!(byte, ..b' ' | b'"' | b'\\');
        if !piece.bytes().fold(false, |found, byte| found | special(byte)) {
            return self.0.write_str(piece);
        }
        let quoted = serde_json::to_string(piece).map_err(|_| fmt::Error)?;
        self.0.write_str(&quoted[1..quoted.len() - 1])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing::field::Empty;
    use tracing_subscriber::layer::SubscriberExt as _;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The one line that `work` logs.
    fn line_of(work: impl FnOnce()) -> Value {
        let lines = Lines::default();
        let sink = lines.clone();
        let layer = super::super::json_layer(move || sink.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
        let line = lines.0.lock().unwrap().clone();
        assert_eq!(line.iter().position(|byte| *byte == b'\n'), Some(line.len() - 1), "one line");
        serde_json::from_slice(&line).unwrap()
    }

    /// The spans of the one line that `work` logs.
    fn spans_of(work: impl FnOnce()) -> Value {
        line_of(work)["spans"].take()
    }

    #[test]
    fn a_line_says_when_how_grave_what_and_where_from() {
        let mut line = line_of(|| {
            tracing::warn!(target: "security", count = 3, path = %"a\\b\t\"c\"", ratio = 1e-7, "two\nlines of {}", "é\u{1b}[0m");
        });
        let time = line["timestamp"].take();
        assert!(time.as_str().unwrap().parse::<grimoire_domain::Timestamp>().is_ok(), "{time}");
        let expected = json!({
            "timestamp": null, "level": "WARN", "message": "two\nlines of é\u{1b}[0m", "count": 3,
            "path": "a\\b\t\"c\"", "ratio": 1e-7, "target": "security",
        });
        assert_eq!(line, expected);
    }

    #[test]
    fn records_of_the_crate_log_say_where_they_come_from() {
        let line = line_of(|| {
            let record = log::Record::builder()
                .level(log::Level::Info)
                .target("elsewhere")
                .args(format_args!("said"))
                .build();
            tracing_log::format_trace(&record).unwrap();
        });
        assert_eq!((&line["target"], &line["message"]), (&json!("elsewhere"), &json!("said")));
    }

    #[test]
    fn every_kind_of_value_is_read_back() {
        let spans = spans_of(|| {
            let text = "a \"quoted\" line\n\u{1}";
            let span = tracing::info_span!("one", text, count = 7_u64, less = -3, ratio = 0.5, yes = true, wild = f64::INFINITY, shown = ?[1], none = Option::<u64>::None);
            span.in_scope(|| tracing::info_span!("two").in_scope(|| tracing::info!("said")));
        });
        let one = json!({
            "name": "one", "text": "a \"quoted\" line\n\u{1}", "count": 7, "less": -3, "ratio": 0.5, "yes": true,
            "wild": "inf", "shown": "[1]",
        });
        assert_eq!(spans, json!([one, { "name": "two" }]));
    }

    #[test]
    fn fields_that_are_recorded_later_are_added() {
        let spans = spans_of(|| {
            let span = tracing::info_span!("one", job = Empty, state = Empty);
            span.record("job", 7);
            span.record("state", "queued");
            span.record("state", "running");
            span.in_scope(|| tracing::info!("said"));
        });
        assert_eq!(spans, json!([{ "name": "one", "job": 7, "state": "running" }]));
    }
}
