//! Site generators: Hugo, Jekyll, MkDocs, Sphinx, Docusaurus; and link checkers.
//!
//! ```text
//! Error: error building site: "/src/content/till.md:3:1": failed to extract shortcode: template for shortcode "pot" not found
//! ERROR render of "page" failed: "/src/layouts/page.html:3:5": execute of template failed
//!   Liquid Exception: Liquid syntax error (line 3): Unknown tag 'pot' in _posts/till.md
//! WARNING -  Doc file 'till.md' contains a link 'pot.md', but the target is not found among documentation files.
//! /src/docs/till.rst:3: WARNING: undefined label: pot [ref.ref]
//! Warning, treated as error:
//! /src/docs/till.rst:3:undefined label: pot
//! - Broken link on source page path = /till:
//!    -> linking to /pot
//! ```

use crate::{
    sink::{Recogniser, Sink},
    text::{Text, found},
};
use grimoire_plugin_sdk::recognise::phrase::Phrase;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity, Span,
    text::{Beginnings, Needle, leading_number, looks_like_path, place_at_start, trailing_group},
};

/// Maximum number of warnings held until it is known whether they count as errors.
const HELD: usize = 100;

/// Reads the output of site generators.
#[derive(Debug, Default)]
pub(crate) struct Sites {
    /// Warnings of MkDocs and Sphinx: errors if the build is strict.
    warnings: Vec<Diagnostic>,
    is_strict: bool,
    /// `Warning, treated as error:`: the next line has the warning.
    treated: Option<Span>,
    /// The page with broken links, in Docusaurus and HTMLProofer.
    page: Option<String>,
    /// Docusaurus only warns about such links.
    is_mild: bool,
}

impl Recogniser for Sites {
    fn line(&mut self, line: &Text<'_>, sink: &mut Sink) {
        static SIGNS: Beginnings = Beginnings::new(&[
            "Warning, treated as error:",
            "Aborted with ",
            "WARNING -  ",
            "build finished with problems",
            "Extension error:",
            "Extension error (",
            "Configuration error:",
        ]);
        let text = line.text;
        if let Some(span) = self.treated.take() {
            sink.block(treated(text, line, span));
            return;
        }
        if self.links(line, sink) {
            return;
        }
        match SIGNS.position(text) {
            Some(0) => self.treated = Some(line.span),
            Some(1) if text.contains(" in strict mode") || text.contains("configuration error") => {
                self.is_strict = true;
                let found = line.found("mkdocs", "build", Kind::Lint, text);
                sink.single(Diagnostic { role: Role::Summary, ..found });
            }
            // The scanner may have mistaken the level for a prefix.
            Some(2) => self.hold(mkdocs(text[8..].trim_start_matches(['-', ' ']), line), sink),
            Some(3) => {
                self.is_strict = true;
                let found = line.found("sphinx", "build", Kind::Lint, text);
                sink.single(Diagnostic { role: Role::Summary, ..found });
            }
            Some(4..=6) => self.treated = text.ends_with(':').then_some(line.span),
            _ => {
                if let Some(found) = sphinx(line) {
                    if found.severity == Severity::Error {
                        sink.single(found);
                    } else {
                        self.hold(found, sink);
                    }
                }
            }
        }
    }

    fn finish(&mut self, sink: &mut Sink) {
        for mut found in self.warnings.drain(..) {
            if self.is_strict {
                found.severity = Severity::Error;
            }
            sink.beside(found);
        }
    }

    fn is_open(&self) -> bool {
        self.treated.is_some() || self.page.is_some()
    }
}

impl Sites {
    fn hold(&mut self, found: Diagnostic, sink: &mut Sink) {
        sink.cover(found.span);
        if self.warnings.len() == HELD {
            sink.beside(self.warnings.remove(0));
        }
        self.warnings.push(found);
    }

    /// Broken links, below the page that contains them.
    fn links(&mut self, line: &Text<'_>, sink: &mut Sink) -> bool {
        let text = line.text;
        if line.bare.starts_with("Docusaurus found broken")
            || text.starts_with("warn Docusaurus found broken")
        {
            self.is_mild = line.is_mild() || text.starts_with("warn ");
            return false;
        }
        if let Some((before, page)) = text.split_once("n source page path = ")
            && matches!(
                before,
                "- Broken link o" | "- Broken anchor o" | "- O" | "Broken link o" | "Broken anchor o"
            )
        {
            self.page = Some(page.trim_end_matches(':').to_owned());
            return true;
        }
        if let Some(page) = text.strip_prefix("* At ").map(|rest| rest.trim_end_matches(':'))
            && let Some(place) = place_at_start(page)
        {
            self.page = Some(format!("{}:{}", place.path, place.line));
            return true;
        }
        let Some(page) = &self.page else { return false };
        if text.is_empty() {
            return false;
        }
        if let Some(target) =
            text.strip_prefix("-> linking to ").or_else(|| text.strip_prefix("-> linkTo = "))
        {
            let message = format!("Broken link on {page}: {target}");
            let severity = if self.is_mild { Severity::Warning } else { Severity::Error };
            let found = line.found("docusaurus", "broken-link", Kind::Lint, &message);
            sink.block(Diagnostic { severity, ..found });
            return true;
        }
        let place = place_at_start(page).map(|place| place.location());
        self.page = None;
        let is_check = line.indent >= 2 && (text.contains("does not exist") || text.contains("which"));
        if !is_check {
            return false;
        }
        sink.block(Diagnostic { location: place, ..line.found("htmlproofer", "link", Kind::Lint, text) });
        true
    }
}

/// `Doc file 'till.md' contains a link 'pot.md', but …`.
fn mkdocs(message: &str, line: &Text<'_>) -> Diagnostic {
    let path = message.split_once('\'').and_then(|(_, rest)| rest.split_once('\'')).map(|(path, _)| path);
    Diagnostic {
        severity: Severity::Warning,
        location: path.filter(|path| looks_like_path(path)).map(Location::file),
        ..line.found("mkdocs", "warning", Kind::Lint, message)
    }
}

/// `/src/till.rst:3: WARNING: message [code]`, `/src/till.py:docstring of till.pot:3: WARNING: message`.
fn sphinx(line: &Text<'_>) -> Option<Diagnostic> {
    static LEVELS: [(Needle, Severity); 4] = [
        (Needle::new(": WARNING: "), Severity::Warning),
        (Needle::new(": ERROR: "), Severity::Error),
        (Needle::new(": CRITICAL: "), Severity::Error),
        (Needle::new(": SEVERE: "), Severity::Error),
    ];
    let text = line.text;
    let (place, message, severity) = LEVELS.iter().find_map(|(sign, severity)| {
        sign.split_among(line.characters, text).map(|(place, message)| (place, message, *severity))
    })?;
    let location = sphinx_place(place)?;
    let (message, code) = match trailing_group(message, '[', ']') {
        Some((before, code)) if code.contains('.') && !code.contains(' ') => (before, Some(code)),
        _ => (message, None),
    };
    Some(Diagnostic {
        severity,
        location: Some(location),
        code: code.map(str::to_owned),
        ..line.found("sphinx", code.unwrap_or("docutils"), Kind::Lint, message)
    })
}

/// `/src/till.rst:3`, `/src/till.py:docstring of till.pot:3`, `/src/till.rst:None`, `/src/till.rst`.
fn sphinx_place(place: &str) -> Option<Location> {
    if let Some((path, rest)) = place.split_once(":docstring of ") {
        let number = rest.rsplit(':').next().and_then(leading_number).map_or(0, |(number, _)| number);
        return looks_like_path(path).then(|| Location::at(path, number, None));
    }
    let (path, number) = match place.rsplit_once(':') {
        Some((path, number)) if number.is_empty() || number == "None" => (path, 0),
        Some((path, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            (path, number.parse().unwrap_or_default())
        }
        _ => (place, 0),
    };
    let is_text =
        [".rst", ".md", ".txt", ".ipynb", ".py", ".rest", ".inc"].iter().any(|end| path.ends_with(end));
    (is_text && looks_like_path(path)).then(|| Location::at(path, number, None))
}

/// The text after `Warning, treated as error:`.
fn treated(text: &str, line: &Text<'_>, span: Span) -> Diagnostic {
    let (location, message) = match place_at_start(text) {
        Some(place) => (Some(place.location()), place.rest.trim()),
        None => match text.split_once(":docstring of ") {
            Some((path, rest)) => {
                let (number, message) = rest.split_once(':').map_or((0, rest), |(_, rest)| {
                    leading_number(rest).map_or((0, rest), |(number, rest)| (number, rest))
                });
                (Some(Location::at(path, number, None)), message.trim_start_matches(':').trim())
            }
            None => (None, text),
        },
    };
    let message = if message.is_empty() { text } else { message };
    Diagnostic {
        location,
        ..found("sphinx", "warning-as-error", Kind::Lint, message, line.line, span.to(line.span))
    }
}

const fn row(tool: &'static str, start: &'static str) -> Phrase {
    Phrase::new(tool, "build", Kind::Configuration, start).at(place)
}

pub(crate) const ROWS: &[Phrase] = &[
    row("hugo", "error building site: ").with("logged ").summary(),
    row("hugo", "Error building site: ").with("logged ").summary(),
    row("hugo", "error building site: "),
    row("hugo", "Error building site: "),
    row("hugo", "render of \"").with(" failed: "),
    row("hugo", "failed to render pages: "),
    row("hugo", "Unable to locate config file or config directory"),
    row("hugo", "module \"").with("\" not found; either add it as a Hugo Module"),
    row("hugo", "failed to extract shortcode: "),
    row("hugo", "TOCSS: failed to transform "),
    row("hugo", "POSTCSS: failed to transform "),
    row("jekyll", "Liquid Exception: "),
    row("jekyll", "YAML Exception reading "),
    row("jekyll", "Conversion error: "),
    row("jekyll", "Invalid date '"),
    // The line repeats messages above it.
    row("jekyll", "jekyll ").with(" | Error:").summary(),
    row("mkdocs", "Config value: '").with("Error"),
    row("mkdocs", "Config value '").said_to_be_an_error(),
    row("docusaurus", "Docusaurus found broken links"),
    row("docusaurus", "Unable to build website for locale ").summary(),
    row("docusaurus", "MDX compilation failed for file "),
    row("htmlproofer", "HTML-Proofer found ").summary(),
    row("lychee", "[404] "),
];

/// `[✖] https://till.example.org → Status: 404` of markdown-link-check.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    let rest = line.line.trim().strip_prefix("[✖] ")?;
    let (link, status) = rest.split_once(" → Status: ")?;
    let kind = if status.starts_with('0') || status.starts_with('5') { Kind::Network } else { Kind::Lint };
    Some(line.found("markdown-link-check", "link", kind, &format!("{link}: status {status}")))
}

/// The location named by a message.
fn place(message: &str) -> Option<Location> {
    quoted_place(message).or_else(|| liquid(message))
}

/// The last location in quotes that is a file of the site: Hugo puts the outermost first, and the failed template
/// last.
fn quoted_place(message: &str) -> Option<Location> {
    message
        .split('"')
        .skip(1)
        .step_by(2)
        .filter_map(place_at_start)
        .filter(|place| place.rest.is_empty())
        .last()
        .map(|place| place.location())
}

/// `… (line 3): … in _posts/till.md`.
fn liquid(message: &str) -> Option<Location> {
    let (before, path) = message.rsplit_once(" in ")?;
    let path = path.trim_end_matches('.');
    if !looks_like_path(path) || path.contains(' ') {
        return None;
    }
    let number =
        before.split_once("(line ").and_then(|(_, rest)| leading_number(rest)).map_or(0, |(line, _)| line);
    Some(Location::at(path, number, None))
}
