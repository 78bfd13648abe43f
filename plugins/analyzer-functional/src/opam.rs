//! opam: sentences, and the output of failed builds.

use crate::{
    ocaml::head,
    panel::{Draft, Reader, Seen},
    sentence::{Reach::Block as Below, Sentence, Sentences},
};
use grimoire_plugin_sdk::{Diagnostic, Kind};

/// opam's sentences.
pub(crate) fn opam() -> Sentences {
    Sentences::new("opam", OPAM).only_after(&["[ERROR] "])
}

const OPAM: &[Sentence] = &[
    Sentence::new("Package conflict!*", Kind::Dependency, "conflict")
        .reaches(Below)
        .then(&["No solution found"]),
    Sentence::new("No solution *", Kind::Dependency, "conflict").reaches(Below),
    Sentence::new("Sorry, no solution *", Kind::Dependency, "conflict").reaches(Below),
    Sentence::new("Your request can't be satisfied:*", Kind::Dependency, "conflict").reaches(Below),
    Sentence::new("No package named *", Kind::Dependency, "package-not-found"),
    Sentence::new("The compilation of * failed *", Kind::Compile, "build").consequence(),
    Sentence::new("The installation of * failed *", Kind::Compile, "build").consequence(),
    Sentence::new("The sources of the following couldn't be obtained, *", Kind::Network, "fetch")
        .reaches(Below),
    Sentence::new("Failed to get sources of *", Kind::Network, "fetch"),
    Sentence::new("Could not find * in the opam repository*", Kind::Dependency, "package-not-found"),
    Sentence::new("Could not update repository *", Kind::Network, "fetch"),
    Sentence::new("Could not retrieve *", Kind::Network, "fetch"),
    Sentence::new("Opam has not been initialised, *", Kind::Configuration, "opam-init"),
    Sentence::new("No switch is currently set, *", Kind::Configuration, "switch"),
    Sentence::new("Package * has no version *", Kind::Dependency, "package-not-found"),
    Sentence::new("Sandboxing is not working on your platform *", Kind::Configuration, "sandbox"),
];

/// opam's sentences without a level word before them.
pub(crate) fn unmet() -> Sentences {
    Sentences::new("opam", UNMET).after(&["opam_monorepo.exe: [ERROR] "])
}

const UNMET: &[Sentence] = &[
    Sentence::new("The following dependencies couldn't be met:", Kind::Dependency, "conflict")
        .reaches(Below)
        .then(&["Your request can't be satisfied:"]),
    Sentence::new("Your request can't be satisfied:", Kind::Dependency, "conflict").reaches(Below),
    Sentence::new("Can't find all required versions.", Kind::Dependency, "conflict").reaches(Below),
    Sentence::new("No solution found, exiting", Kind::Dependency, "conflict").summary(),
];

/// `#=== ERROR while compiling lid.1.0 ===#` and the output below it, each line after a `#`; people copy the
/// output without this heading, too.
#[derive(Debug, Default)]
pub(crate) struct Build {
    open: Option<(Draft, Option<String>, Option<String>)>,
    output: bool,
}

impl Reader for Build {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if let Some(rest) = start.strip_prefix("#=== ERROR while ") {
            self.finish(out);
            let name = rest.trim_end_matches(['#', '=', ' ']);
            let mut draft = Draft::new("opam", Kind::Compile, line);
            "build".clone_into(&mut draft.found.error_type);
            self.open = Some((draft, None, Some(format!("ERROR while {name}"))));
            self.output = false;
            return;
        }
        if start.starts_with("### output ##") && self.open.is_none() {
            let mut draft = Draft::new("opam", Kind::Compile, line);
            "build".clone_into(&mut draft.found.error_type);
            self.open = Some((draft, None, None));
            self.output = true;
            return;
        }
        let Some((draft, cause, _)) = &mut self.open else { return };
        let Some(text) = start.strip_prefix('#').filter(|_| draft.lines() < 300) else {
            return self.finish(out);
        };
        draft.take(line);
        let text = text.trim();
        if text.starts_with("## output ##") {
            self.output = true;
        } else if let Some(cause) = cause.as_mut().filter(|cause| announces(cause))
            && !text.is_empty()
        {
            cause.push(' ');
            cause.push_str(text);
        } else if self.output {
            if let Some(location) = head(text).filter(|_| draft.found.location.is_none()) {
                draft.found.location = Some(location);
            }
            let error = text.starts_with("Error") || text.contains("rror: ") || text.contains("not found");
            let known =
                cause.as_deref().is_some_and(|cause| cause.contains("rror") || cause.contains("not found"));
            if !text.is_empty()
                && (!known || error && !cause.as_deref().unwrap_or_default().starts_with("Error"))
            {
                *cause = Some(text.to_owned());
            }
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|(draft, ..)| draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let Some((mut draft, cause, name)) = self.open.take() else { return };
        draft.found.location = None;
        if let Some(cause) = cause {
            draft.say(&cause);
        }
        if let Some(name) = name {
            draft.say(&name);
        }
        if !draft.found.message.is_empty() {
            out.push(draft.done());
        }
    }
}

/// Returns true if the reason comes on the next line.
fn announces(cause: &str) -> bool {
    cause.starts_with("Error") && cause.ends_with(':') && cause.len() < 400
}
