//! Lists of missing modules as Vue's and Nuxt's commands print them, and versions that frameworks demand.
//!
//! ```text
//! These dependencies were not found:          You are using Node.js 16.1.0. For Next.js, Node.js version …
//!
//! * lid in ./src/main.js, ./src/pot.js
//! ```

use grimoire_plugin_sdk::text::{Beginnings, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Span};

use crate::found::{failure, is_script};

/// Maximum number of modules in a list.
const MODULES: u32 = 200;

/// Recognises these lists and sentences.
#[derive(Default)]
pub(crate) struct Friendly {
    /// What the entries of the open list are, and how many more are read.
    list: Option<(&'static str, u32)>,
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
]);

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
            _ => "angular",
        };
        out.push(failure(tool, "version", Kind::Configuration, trimmed, span));
        true
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
