//! Checks a component against the golden cases that it contains.

use std::path::Path;

use grimoire_cases::{Outcome, World};
use grimoire_domain::text;
use grimoire_ports::plugins::{LoadedPlugin, PluginSet};

use super::set::refused;
use crate::PipelineError;

/// Maximum number of cases that are run: an installation waits for them.
const MOST_CASES: usize = 100;
/// Maximum number of bytes of a diff in a message.
const DIFFERENCE_BYTES: usize = 4 << 10;

/// Runs a plugin's own cases. Returns the entry for the receipt; fails with `Invalid` and a diff at the first case with
/// another answer than expected.
pub(super) async fn check(set: &dyn PluginSet, plugin: &LoadedPlugin) -> Result<String, PipelineError> {
    let name = &plugin.identity.name;
    let files = set.cases(name);
    let Some(world) = World::of_package(&plugin.world).filter(|_| !files.is_empty()) else {
        return Ok("golden vectors: none".to_owned());
    };
    let mut cases = Vec::new();
    for file in &files {
        let read = grimoire_cases::parse(Path::new(&file.name), &file.text, world);
        cases.extend(read.map_err(|why| refused(name, &format!("its cases cannot be read: {why}")))?);
    }
    for case in cases.iter().take(MOST_CASES) {
        let why = match grimoire_cases::run(set, name, case).await? {
            Outcome::Same => continue,
            Outcome::Different { diff, .. } => {
                format!("otherwise than expected:\n{}", text::cut(&diff, DIFFERENCE_BYTES).trim_end())
            }
            Outcome::Failed(problem) => format!("with a failure ({}): {}", problem.reason, problem.detail),
        };
        let place = format!("{}:{}", case.file.display(), case.line);
        return Err(refused(name, &format!("it answers its own case {place} {why}")));
    }
    Ok(format!("golden vectors: {} of {}", cases.len().min(MOST_CASES), cases.len()))
}
