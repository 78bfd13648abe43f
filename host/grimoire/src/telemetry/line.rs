//! Log lines as JSON, written as they come. The format that `tracing-subscriber` has reads the fields
//! of every span back from JSON for every line, to write them as JSON again.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_log::NormalizeEvent as _;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormattedFields};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::fields::{Members, MembersOfSpans};

/// One JSON object for each event: its time, its level, its fields, its target, and under `spans` the
/// fields and the name of every span that it happened in, the outermost first.
#[derive(Debug, Clone, Copy)]
pub(super) struct JsonLine;

impl<S> FormatEvent<S, MembersOfSpans> for JsonLine
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, MembersOfSpans>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        // What comes from the crate `log` says in its fields where it comes from.
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());

        writer.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut writer)?;
        write!(writer, "\",\"level\":\"{}\"", metadata.level())?;
        let mut members = Members::after_others(writer.by_ref());
        event.record(&mut members);
        members.text("target", metadata.target());
        members.finish()?;
        if let Some(innermost) = context.parent_span() {
            writer.write_str(",\"spans\":[")?;
            for (place, span) in innermost.scope().from_root().enumerate() {
                if place > 0 {
                    writer.write_char(',')?;
                }
                write_span(writer.by_ref(), &span)?;
            }
            writer.write_char(']')?;
        }
        writer.write_str("}\n")
    }
}

fn write_span<'s, S: LookupSpan<'s>>(mut writer: Writer<'_>, span: &SpanRef<'s, S>) -> fmt::Result {
    writer.write_char('{')?;
    let extensions = span.extensions();
    let fields =
        extensions.get::<FormattedFields<MembersOfSpans>>().map_or("", |fields| fields.fields.as_str());
    writer.write_str(fields)?;
    let mut members = if fields.is_empty() {
        Members::first(writer.by_ref())
    } else {
        Members::after_others(writer.by_ref())
    };
    members.text("name", span.name());
    members.finish()?;
    writer.write_char('}')
}
