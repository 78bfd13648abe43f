//! The fields of spans as JSON, written as they come. The formatter that `tracing-subscriber` has
//! collects them in a map first, which every request would pay for, also those that log nothing.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FormatFields, FormattedFields};

/// Writes fields as one JSON object. Of a field that is recorded twice the reader takes the last.
#[derive(Debug, Clone, Copy)]
pub(super) struct JsonObject;

impl<'w> FormatFields<'w> for JsonObject {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        writer.write_char('{')?;
        let mut entries = Entries { writer, first: true, result: Ok(()) };
        fields.record(&mut entries);
        entries.result?;
        entries.writer.write_char('}')
    }

    fn add_fields(&self, current: &'w mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        // The object is opened again.
        let first = current.fields.pop().is_none() || current.fields == "{";
        if current.fields.is_empty() {
            current.fields.push('{');
        }
        let mut entries = Entries { writer: current.as_writer(), first, result: Ok(()) };
        fields.record(&mut entries);
        entries.result?;
        entries.writer.write_char('}')
    }
}

struct Entries<'w> {
    writer: Writer<'w>,
    first: bool,
    result: fmt::Result,
}

impl Entries<'_> {
    fn entry(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let comma = if std::mem::take(&mut self.first) { "" } else { "," };
        // Names are identifiers of the program or literals of it: nothing in them needs an escape.
        let written = write!(self.writer, "{comma}\"{}\":{value}", field.name());
        self.result = self.result.and(written);
    }

    fn text(&mut self, field: &Field, value: &str) {
        match serde_json::to_string(value) {
            Ok(quoted) => self.entry(field, format_args!("{quoted}")),
            Err(_) => self.result = Err(fmt::Error),
        }
    }
}

impl Visit for Entries<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.entry(field, format_args!("{value}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.entry(field, format_args!("{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.entry(field, format_args!("{value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // Infinities have no place in JSON.
        if value.is_finite() {
            self.entry(field, format_args!("{value}"));
        } else {
            self.text(field, &value.to_string());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, &format!("{value:?}"));
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

    /// The spans of the one line that `work` logs.
    fn spans_of(work: impl FnOnce()) -> Value {
        let lines = Lines::default();
        let sink = lines.clone();
        let layer = super::super::json_layer(move || sink.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
        let line = lines.0.lock().unwrap().clone();
        serde_json::from_slice::<Value>(&line).unwrap()["spans"].take()
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
