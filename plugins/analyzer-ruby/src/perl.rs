//! Perl: failed checks of `Test::More`, the final report of `prove`, and cpanm.
//!
//! ```text
//! #   Failed test 'the lid fits'
//! #   at t/lid.t line 12.
//! #          got: '3'
//! #     expected: '4'
//! Test Summary Report
//! -------------------
//! t/pot.t (Wstat: 65280 (exited 255) Tests: 0 Failed: 0)
//!   Non-zero exit status: 255
//!   Parse errors: No plan found in TAP output
//! ! Installing the dependencies failed: Module 'Kettle::Lid' is not installed
//! ```

use crate::{
    panel::{Draft, Reader, Seen},
    sentence::{Sentence, Sentences},
};
use grimoire_plugin_sdk::{
    Confidence, Diagnostic,
    Kind::{self, Dependency},
    Location, Role,
    text::{Needle, leading_number},
};

/// Maximum number of lines of one failed check.
const LINES: usize = 24;

/// Reads failed checks.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    open: Option<Draft>,
}

impl Reader for Checks {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let comment = line.start.strip_prefix('#').map(str::trim);
        if let Some(draft) = &mut self.open {
            match comment {
                Some(text)
                    if !text.starts_with("Failed test")
                        && !text.starts_with("Looks like ")
                        && draft.lines() < LINES =>
                {
                    draft.take(line);
                    if draft.found.location.is_none()
                        && let Some(place) = place(text)
                    {
                        draft.found.location = Some(place);
                    } else if text.starts_with("got: ") || text.starts_with("expected: ") {
                        draft.say(text);
                    }
                    return;
                }
                _ => self.finish(out),
            }
        }
        let Some(rest) = comment.and_then(|text| text.strip_prefix("Failed test")) else { return };
        // Without a name, the location follows at once.
        let name = rest.trim().strip_prefix('\'').and_then(|name| name.strip_suffix('\''));
        let mut draft = Draft::new("perl", Kind::Test, line);
        "Test::More".clone_into(&mut draft.found.error_type);
        draft.found.test = name.map(str::to_owned);
        draft.found.location = place(rest);
        draft.say(&format!("Failed test{}", name.map(|name| format!(" '{name}'")).unwrap_or_default()));
        self.open = Some(draft);
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().map(Draft::done));
    }
}

/// `at t/lid.t line 12.`, in older versions `in t/lid.t at line 12.`
fn place(text: &str) -> Option<Location> {
    let (before, number) = text.rsplit_once(" line ")?;
    let (number, rest) = leading_number(number)?;
    let before = before.strip_suffix(" at").unwrap_or(before);
    let path = before.rsplit(' ').next()?;
    (matches!(rest, "" | ".") && path.contains('.')).then(|| Location::at(path, number, None))
}

/// Reads the files of the final report.
#[derive(Debug, Default)]
pub(crate) struct Prove {
    open: Option<Draft>,
}

impl Reader for Prove {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        static STATUS: Needle = Needle::new(" (Wstat: ");
        if let Some(draft) = &mut self.open {
            let goes_on = line.indent > 0 && !line.start.is_empty() && draft.lines() < LINES;
            if goes_on {
                draft.take(line);
                draft.say(line.start);
                return;
            }
            self.finish(out);
        }
        let Some((path, status)) = STATUS.split_among(line.characters, line.text) else { return };
        let path = path.trim();
        if path.is_empty() || path.contains(' ') || !status.contains("Tests: ") {
            return;
        }
        let mut draft = Draft::new("perl", Kind::Test, line);
        "prove".clone_into(&mut draft.found.error_type);
        draft.found.test = Some(path.to_owned());
        draft.found.location = Some(Location::file(path));
        // The output of the file is more specific, if known.
        draft.found.confidence = Confidence::Likely;
        self.open = Some(draft);
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(mut draft) = self.open.take() else { return };
        // Failed checks were reported at their location.
        if draft.found.message.contains("Failed test") {
            draft.found.role = Role::Summary;
        }
        if !draft.found.message.is_empty() {
            out.push(draft.done());
        }
    }
}

/// cpanm's sentences.
pub(crate) fn cpanm() -> Sentences {
    Sentences::new("cpanm", CPANM).only_after(&["! "])
}

const CPANM: &[Sentence] = &[
    Sentence::new("Installing the dependencies failed: *", Dependency, "dependencies"),
    Sentence::new("Couldn't find module or a distribution *", Dependency, "module-not-found"),
    Sentence::new("Configure failed for *", Dependency, "configure"),
    Sentence::new("Installing * failed. See *", Dependency, "install"),
    Sentence::new("Testing * failed*", Dependency, "test"),
    Sentence::new("Found * which doesn't satisfy *", Dependency, "version"),
    Sentence::new("Bailing out the installation for *", Dependency, "install").consequence(),
];
