//! Services run by Compose that ended with an error.
//!
//! ```text
//! till  | reading /etc/till.toml
//! till  | ERROR: unknown key "lid"
//! till exited with code 3
//! ```
//!
//! If the name has a number, the log reader removes it from the lines, and any analyzer reads them.

use crate::{
    kinds, output,
    sink::{Recogniser, Sink},
    text::Text,
};
use grimoire_plugin_sdk::{
    Confidence, Diagnostic, Kind, Role,
    text::{Needle, cut},
};
use std::collections::VecDeque;

/// Maximum number of lines kept of all services together.
const LINES: usize = 40;
/// Maximum length of a line, in bytes.
const LINE: usize = 500;

/// Reads the last output of services.
#[derive(Debug, Default)]
pub(crate) struct Services {
    /// A service and a line that it printed.
    lines: VecDeque<(String, String)>,
}

impl Recogniser for Services {
    fn line(&mut self, line: &Text<'_>, sink: &mut Sink) {
        if let Some(service) = line.service {
            if self.lines.len() == LINES {
                self.lines.pop_front();
            }
            self.lines.push_back((service.to_owned(), cut(line.text, LINE).to_owned()));
        } else if let Some((service, code)) = exited(line) {
            let said =
                || self.lines.iter().filter(|(name, _)| name == service).map(|(_, text)| text.as_str());
            // The end of any program may be reported in this way.
            let is_numbered = service.ends_with(|c: char| c.is_ascii_digit()) && service.contains(['-', '_']);
            if said().next().is_none() && !is_numbered {
                return;
            }
            let telling = output::telling(said());
            let is_sure = telling.is_some_and(output::sounds_like_an_error);
            let message = match telling.filter(|_| is_sure) {
                Some(telling) => format!("{service} exited with code {code}: {telling}"),
                None => format!("{service} exited with code {code}"),
            };
            let context = said().chain([line.text]).collect::<Vec<_>>();
            let context = context[context.len().saturating_sub(12)..].join("\n");
            let kind = kinds::of(&message, Kind::Crash);
            // The output of a service may be recognised as that of its own tool.
            sink.single(Diagnostic {
                confidence: Confidence::Likely,
                role: if is_sure { Role::Root } else { Role::Summary },
                context,
                ..line.found("docker-compose", "service", kind, &message)
            });
        }
    }

    fn finish(&mut self, _: &mut Sink) {
        self.lines.clear();
    }
}

/// `till exited with code 3`; an exit caused by a signal that stopped the service does not count.
fn exited<'a>(line: &Text<'a>) -> Option<(&'a str, u32)> {
    static SIGN: Needle = Needle::new(" exited with code ");
    let (service, rest) = SIGN.split_among(line.characters, line.text)?;
    let code = rest.split(' ').next()?.parse().ok()?;
    let is_name = service
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.'));
    (is_name && !service.is_empty() && !matches!(code, 0 | 130 | 137 | 143)).then_some((service, code))
}
