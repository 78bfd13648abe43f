//! Messages of Android's build tools besides their tasks: AAPT, the manifest merger, D8 and R8.
//!
//! ```text
//! ERROR: /src/app/src/main/res/layout/pot.xml:12: AAPT: error: resource string/pot (aka org.example:string/pot) not found.
//! org.example.pot.app-mergeDebugResources-34:/layout/pot.xml:12: error: attribute lid not found.
//!
//! /src/app/src/main/AndroidManifest.xml:12:9-50 Error:
//!     Attribute application@icon value=(@drawable/pot) from AndroidManifest.xml:12:9-50
//!     is also present at [kettle] AndroidManifest.xml:9:9-47 value=(@drawable/kettle).
//!
//! ERROR: Missing classes detected while running R8. …
//! Missing class org.example.Kettle (referenced from: void org.example.Pot.boil())
//! AGPBI: {"kind":"error","text":"…","sources":[{"file":"/src/…","position":{"startLine":11}}]}
//! ```

use crate::{Record, Step, session::Session, text::Text};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity, Span, path,
    text::{Beginnings, Context, Needle, place_at_start},
};

/// Maximum number of lines of a finding.
const LINES: usize = 24;

/// A finding being read.
#[derive(Debug)]
pub(crate) struct Block {
    tool: &'static str,
    message: String,
    location: Option<Location>,
    kind: Kind,
    /// Lines below that belong to the message.
    more: More,
    lines: usize,
    context: Context,
    span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum More {
    None,
    /// The merger's lines are indented.
    Indented,
    /// R8 lists classes.
    Classes,
}

impl Block {
    pub(crate) fn start(text: &Text<'_>) -> Option<Self> {
        static STARTS: Beginnings = Beginnings::new(&[
            "AGPBI: {",
            "ERROR: Missing classes detected",
            "Missing class ",
            "ERROR: R8: ",
            "ERROR: D8: ",
            "ERROR:D8: ",
            "Error: Cannot fit requested classes in a single dex file",
            "error: Cannot fit requested classes in a single dex file",
        ]);
        static XML: Needle = Needle::new(".xml:");
        static DEX: [Needle; 2] = [Needle::new(": D8: "), Needle::new(": R8: ")];
        let line = text.words;
        match STARTS.position(line) {
            Some(0) => return Self::of_json(text),
            Some(1) => return Some(Self::new(text, "r8", &line[7..], None, More::Classes)),
            Some(2) if line.contains("(referenced from") => {
                return Some(Self::new(text, "r8", line, None, More::Classes));
            }
            Some(3..=5) => {
                let (_, message) = line.split_once("8: ")?;
                let tool = if line.contains("R8: ") { "r8" } else { "d8" };
                return Some(Self::new(text, tool, message, None, More::None));
            }
            Some(6 | 7) => return Some(Self::new(text, "d8", line.split_once(": ")?.1, None, More::None)),
            _ => {}
        }
        for (needle, tool) in DEX.iter().zip(["d8", "r8"]) {
            if line.starts_with("ERROR:")
                && let Some((_, message)) = needle.split_among(text.characters, line)
            {
                return Some(Self::new(text, tool, message, None, More::None));
            }
        }
        Self::of_resources(text)
            .or_else(|| XML.find_among(text.characters, line).and_then(|_| Self::of_manifest(text)))
    }

    fn new(
        text: &Text<'_>,
        tool: &'static str,
        message: &str,
        location: Option<Location>,
        more: More,
    ) -> Self {
        let mut context = Context::default();
        context.push(text.raw);
        let kind = if tool == "manifest-merger" { Kind::Configuration } else { Kind::Compile };
        Self {
            tool,
            message: message.trim().to_owned(),
            location,
            kind,
            more,
            lines: 0,
            context,
            span: text.span,
        }
    }

    /// `…/pot.xml:12: AAPT: error: message`, `…:/layout/pot.xml:12: error: message`, `AAPT: error: message`.
    fn of_resources(text: &Text<'_>) -> Option<Self> {
        static AAPT: Needle = Needle::new("AAPT: error: ");
        static ERROR: Needle = Needle::new(".xml:");
        static NO_LINE: Needle = Needle::new(": error: ");
        let line = text.words;
        let line = line.strip_prefix("ERROR: ").or_else(|| line.strip_prefix("ERROR:")).unwrap_or(line);
        if let Some((place, message)) = AAPT.split_among(text.characters, line) {
            return Some(Self::new(text, "aapt", message, resource(place), More::None));
        }
        let (place, message) = NO_LINE.split_among(text.characters, line)?;
        // An image that AAPT could not read.
        let is_picture = [".png", ".webp", ".9.png", ".xml"].iter().any(|end| place.ends_with(end));
        if is_picture && (place.contains("/res/") || place.contains("\\res\\")) {
            let location = path::is_own(place).then(|| Location::file(place));
            return Some(Self::new(text, "aapt", message, location, More::None));
        }
        ERROR.find_among(text.characters, line)?;
        let is_resource = place.contains("/res/")
            || place.contains("\\res\\")
            || place
                .split_once(":/")
                .is_some_and(|(module, _)| module.contains('-') && !module.contains('/'));
        let is_xml = place.contains(".xml:") && !place.contains(' ');
        (is_resource && is_xml && !message.starts_with("failed "))
            .then(|| Self::new(text, "aapt", message, resource(place), More::None))
    }

    /// `/src/AndroidManifest.xml:12:9-50 Error:`.
    fn of_manifest(text: &Text<'_>) -> Option<Self> {
        let place = text.words.strip_suffix(" Error:")?;
        let place = place_at_start(place).filter(|place| place.path.ends_with("AndroidManifest.xml"))?;
        Some(Self::new(text, "manifest-merger", "", Some(place.location()), More::Indented))
    }

    /// The message and the first source of a line for Android Studio.
    fn of_json(text: &Text<'_>) -> Option<Self> {
        let json = text.words.strip_prefix("AGPBI: ")?;
        if !json.contains("\"kind\":\"error\"") {
            return None;
        }
        let value = |key: &str| -> Option<String> {
            let rest = json.split_once(&format!("\"{key}\":\""))?.1;
            let mut value = String::new();
            let mut characters = rest.chars();
            while let Some(c) = characters.next() {
                match c {
                    '"' => return Some(value),
                    '\\' => match characters.next()? {
                        'n' => value.push('\n'),
                        't' => value.push('\t'),
                        other => value.push(other),
                    },
                    other => value.push(other),
                }
            }
            None
        };
        let line = json.split_once("\"startLine\":").and_then(|(_, rest)| {
            let digits = rest.trim_start().bytes().take_while(u8::is_ascii_digit).count();
            rest.trim_start()[..digits].parse::<u32>().ok()
        });
        let message = value("text")?;
        let location = value("file")
            .map(|file| Location::at(&file, line.map_or(0, |line| line.saturating_add(1)), None));
        let tool = match value("tool").as_deref() {
            Some("D8") => "d8",
            Some("R8") => "r8",
            Some("AAPT") => "aapt",
            _ => "android",
        };
        let message = message.strip_prefix("error: ").unwrap_or(&message).to_owned();
        Some(Self::new(text, tool, &message, location, More::None))
    }

    fn take(&mut self, text: &Text<'_>) -> Step {
        self.lines += 1;
        self.context.push(text.raw);
        self.span = self.span.to(text.span);
        Step::Taken
    }
}

impl Record for Block {
    fn line(&mut self, text: &Text<'_>) -> Step {
        if text.is_blank() || self.lines >= LINES {
            return Step::Over;
        }
        match self.more {
            More::None => Step::Over,
            More::Indented if text.indent > 0 => {
                if !self.message.is_empty() {
                    self.message.push('\n');
                }
                self.message.push_str(text.words);
                self.take(text)
            }
            More::Classes if text.words.starts_with("Missing class ") => {
                if self.lines < 8 {
                    self.message.push('\n');
                    self.message.push_str(text.words);
                }
                self.take(text)
            }
            More::Indented | More::Classes => Step::Foreign,
        }
    }

    fn finish(self: Box<Self>, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let mut block = *self;
        if block.message.is_empty() {
            return;
        }
        let found = Diagnostic {
            tool: block.tool.to_owned(),
            error_type: "error".to_owned(),
            message: block.message,
            severity: Severity::Error,
            kind: block.kind,
            location: block.location,
            context: block.context.take(),
            span: block.span,
            ..Diagnostic::default()
        };
        session.report_once(found, out);
    }
}

/// The location of a resource; none for one that was unpacked from a library.
fn resource(place: &str) -> Option<Location> {
    let place = place.trim().trim_end_matches(':');
    // `org.example.app-mergeDebugResources-34:/layout/pot.xml:12`.
    let path = match place.split_once(":/") {
        Some((module, path)) if module.len() > 1 && !module.contains('/') => path,
        _ => place,
    };
    let found = place_at_start(path)?;
    let is_library = !path::is_own(found.path) || found.path.contains("/transforms");
    (!is_library).then(|| found.location())
}
