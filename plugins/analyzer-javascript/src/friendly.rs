//! Lists of missing modules as Vue's and Nuxt's commands print them, and versions that frameworks demand.
//!
//! ```text
//! These dependencies were not found:          You are using Node.js 16.1.0. For Next.js, Node.js version …
//!
//! * lid in ./src/main.js, ./src/pot.js
//! ```

use grimoire_plugin_sdk::text::{Beginnings, place_at_start, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Span};

use crate::found::{failure, is_script};

/// Maximum number of lines between Create React App's headline and its reason.
const LINES: u32 = 8;
/// Maximum number of modules in a list.
const MODULES: u32 = 200;

/// Recognises these lists and sentences.
#[derive(Default)]
pub(crate) struct Friendly {
    /// What the entries of the open list are, and how many more are read.
    list: Option<(&'static str, u32)>,
    /// Number of lines in which Create React App may give the reason, and the file named before it.
    failed: Option<(u32, Option<String>)>,
    /// The next line names the file that cannot be minified.
    minified: bool,
}

static STARTS: Beginnings = Beginnings::new(&[
    "This dependency was not found:",
    "These dependencies were not found:",
    "This relative module was not found:",
    "These relative modules were not found:",
    "The Angular CLI requires a minimum Node.js version of ",
    "The Angular Compiler requires TypeScript ",
    "Versions of @angular/compiler-cli and typescript could not be determined",
    "You are running version v",
    "You are using Node.js ",
    "Failed to compile",
]);

/// The headline above a file's name.
const UNMINIFIED: &str = "Failed to minify the code from this file:";

impl Friendly {
    /// Reads a line; returns true if it belongs to such a list or is such a sentence.
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let trimmed = trim(text);
        if let Some((what, left)) = self.list.take()
            && left > 0
        {
            if trimmed.is_empty() {
                self.list = Some((what, left - 1));
                return true;
            }
            if let Some(entry) = trimmed.strip_prefix("* ") {
                out.push(missing(what, entry, span));
                self.list = Some((what, left - 1));
                return true;
            }
        }
        if self.reason(trimmed, span, out) {
            return true;
        }
        let Some(position) = STARTS.position(trimmed) else { return false };
        let tool = match position {
            0 | 1 => {
                self.list = Some(("This dependency was not found", MODULES));
                return true;
            }
            2 | 3 => {
                self.list = Some(("This relative module was not found", MODULES));
                return true;
            }
            8 if trimmed.contains("For Next.js, Node.js version") => "next",
            7 if !trimmed.contains("not supported by Angular CLI") => return false,
            8 => return false,
            9 => {
                // The line itself is a summary, which is read elsewhere.
                self.failed = Some((LINES, None));
                self.minified = false;
                return false;
            }
            _ => "angular",
        };
        out.push(failure(tool, "version", Kind::Configuration, trimmed, span));
        true
    }
}

impl Friendly {
    /// A line below `Failed to compile.`: the file, or the reason.
    fn reason(&mut self, trimmed: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let Some((left, file)) = self.failed.take().filter(|(left, _)| *left > 0) else { return false };
        if trimmed.is_empty() {
            self.failed = Some((left - 1, file));
            return false;
        }
        if std::mem::take(&mut self.minified) {
            let mut found =
                failure("webpack", "minify", Kind::Compile, &format!("{UNMINIFIED} {trimmed}"), span);
            found.location = place_at_start(trimmed).map(|place| place.location());
            out.push(found);
            return true;
        }
        if trimmed == UNMINIFIED {
            self.minified = true;
            self.failed = Some((left - 1, None));
            return true;
        }
        let starts = ["Syntax error: ", "SyntaxError: ", "To import Sass files, "];
        if let Some(file) = file.as_deref().filter(|_| starts.iter().any(|start| trimmed.starts_with(start)))
        {
            let mut found = failure("webpack", "build-error", Kind::Compile, trimmed, span);
            let place = trimmed
                .rsplit_once('(')
                .and_then(|(_, place)| place.strip_suffix(')')?.split_once(':'))
                .and_then(|(line, column)| Some((line.parse().ok()?, column.parse().ok())));
            found.location = Some(
                place.map_or_else(|| Location::file(file), |(line, column)| Location::at(file, line, column)),
            );
            out.push(found);
            return true;
        }
        if trimmed.starts_with("./") && !trimmed.contains(' ') {
            self.failed = Some((left - 1, Some(trimmed.to_owned())));
        }
        false
    }
}

/// `lid in ./src/main.js, ./src/pot.js`, `./pot in ./node_modules/cache-loader/dist/cjs.js??ref--0!./src/App.vue`.
fn missing(what: &str, entry: &str, span: Span) -> Diagnostic {
    let (module, files) = entry.split_once(" in ").unwrap_or((entry, ""));
    let mut found =
        failure("webpack", "module-not-found", Kind::Dependency, &format!("{what}: {module}"), span);
    let file = files.split(", ").next().unwrap_or(files);
    let path = file.rsplit('!').next().unwrap_or(file);
    let path = path.split('?').next().unwrap_or(path);
    found.location = is_script(path).then(|| Location::file(path));
    found
}
