//! Rust: cargo builds a core module, which is then encoded as a component.

use std::path::{Path, PathBuf};
use std::process::Command;

use grimoire_ports::PortError;

use super::{Work, encode, tool};
use crate::invalid;

const TARGET: &str = "wasm32-unknown-unknown";

pub(super) fn build(mut work: Work<'_>) -> Result<Vec<u8>, PortError> {
    let cargo =
        tool::find(&work, &[], "cargo").ok_or_else(|| tool::missing(&work, "cargo (https://rustup.rs)"))?;
    if !has_target(&mut work)? {
        return Err(tool::missing(&work, &format!("the standard library for {TARGET}")));
    }
    let mut command = Command::new(cargo);
    command
        .args(["build", "--release", "--lib", "--target", TARGET])
        .args(["--message-format", "json-render-diagnostics"]);
    let messages = tool::run(&mut work, &mut command)?;
    let module = module_in(&String::from_utf8_lossy(&messages)).ok_or_else(|| {
        invalid("cargo built no module: Cargo.toml must have crate-type = [\"cdylib\"] below [lib]")
    })?;
    encode(&Work::take(&module)?)
}

/// Returns true if the compiler that is used in the plugin's folder can build for the target.
fn has_target(work: &mut Work<'_>) -> Result<bool, PortError> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let printed =
        tool::run(work, Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]))?;
    Ok(Path::new(String::from_utf8_lossy(&printed).trim()).is_dir())
}

/// The module among cargo's messages: that of the last package that builds one.
fn module_in(messages: &str) -> Option<PathBuf> {
    messages.lines().rev().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let files = message.get("filenames")?.as_array()?;
        let mut files = files.iter().filter_map(|file| file.as_str()).map(PathBuf::from);
        files.find(|file| file.extension().is_some_and(|extension| extension == "wasm"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_is_found_among_the_messages() {
        let messages = "{\"reason\":\"compiler-artifact\",\"filenames\":[\"/a/liba.rlib\"]}\nnoise\n\
                        {\"reason\":\"compiler-artifact\",\"filenames\":[\"/a/libb.rlib\",\"/a/b.wasm\"]}\n\
                        {\"reason\":\"build-finished\",\"success\":true}";
        assert_eq!(module_in(messages), Some(PathBuf::from("/a/b.wasm")));
        assert_eq!(module_in(""), None);
    }
}
