//! JavaScript: componentize-qjs freezes QuickJS together with the plugin.

use std::process::Command;

use grimoire_ports::PortError;

use super::{Work, tool};

pub(super) fn build(mut work: Work<'_>) -> Result<Vec<u8>, PortError> {
    let program = tool::find(&work, &["node_modules/.bin"], "componentize-qjs")
        .ok_or_else(|| tool::missing(&work, "componentize-qjs"))?;
    let output = work.intermediate("javascript.wasm");
    let mut command = Command::new(program);
    command
        .arg("--wit")
        .arg(tool::absolute(work.wit)?)
        .args(["--js", "plugin.js", "--world", work.manifest.world.as_str()])
        // A plugin needs no asynchronous calls, and a small component is better. Not with `--stub-wasi`: the text of an
        // exception goes to the standard error, and so into the plugin's log.
        .args(["--sync", "--opt-size", "--minify", "--output"])
        .arg(tool::absolute(&output)?);
    tool::run(&mut work, &mut command)?;
    Work::take(&output)
}
