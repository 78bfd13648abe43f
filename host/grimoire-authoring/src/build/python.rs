//! Python: componentize-py freezes the interpreter together with the plugin.

use std::process::Command;

use grimoire_ports::PortError;

use super::{Work, tool};

pub(super) fn build(mut work: Work<'_>) -> Result<Vec<u8>, PortError> {
    let program = tool::find(&work, &[".venv/bin", ".venv/Scripts"], "componentize-py")
        .ok_or_else(|| tool::missing(&work, "componentize-py"))?;
    let output = work.intermediate("python.wasm");
    let mut command = Command::new(program);
    command
        .arg("--wit-path")
        .arg(tool::absolute(work.wit)?)
        // Not with `--stub-wasi`: the traceback of an exception goes to the standard error, and so into the plugin's log.
        .args(["--world", work.manifest.world.as_str(), "componentize", "plugin", "--output"])
        .arg(tool::absolute(&output)?);
    tool::run(&mut work, &mut command)?;
    Work::take(&output)
}
