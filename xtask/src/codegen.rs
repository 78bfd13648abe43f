//! Writes the generated files.

use std::fs;

use anyhow::Context as _;
use grimoire::config::explain;

/// The arguments of `cargo xtask codegen`: none.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

/// Writes all generated files; a test fails if one is out of date.
pub(crate) fn run(_: &Arguments) -> anyhow::Result<()> {
    let openapi = grimoire_http::openapi_document().to_pretty_json()? + "\n";
    for (path, content) in [
        (".env.example", explain::env_example()),
        ("docs/configuration.md", explain::reference()),
        ("docs/openapi.json", openapi),
    ] {
        let path = crate::root().join(path);
        fs::write(&path, content).with_context(|| format!("{} cannot be written", path.display()))?;
        println!("{}", path.display());
    }
    copy_files()
}

/// Copies of the packages in `wit/`, in `deps/` of the worlds that use them, where every tool of the component model
/// looks for them; and of what the crates need that are published without the rest of the repository.
const COPIES: [(&str, &[&str]); 6] = [
    (
        "wit/types/types.wit",
        &[
            "wit/analyzer/deps/types/types.wit",
            "wit/matcher/deps/types/types.wit",
            "wit/embedder/deps/types/types.wit",
            "plugins/sdk/wit/analyzer/deps/types/types.wit",
            "plugins/sdk/wit/matcher/deps/types/types.wit",
            "plugins/sdk/wit/embedder/deps/types/types.wit",
        ],
    ),
    ("wit/analyzer/analyzer.wit", &["plugins/sdk/wit/analyzer/analyzer.wit"]),
    ("wit/matcher/matcher.wit", &["plugins/sdk/wit/matcher/matcher.wit"]),
    ("wit/embedder/embedder.wit", &["plugins/sdk/wit/embedder/embedder.wit"]),
    ("LICENSE-APACHE", &["plugins/sdk/LICENSE-APACHE", "host/grimoire-log/LICENSE-APACHE"]),
    ("LICENSE-MIT", &["plugins/sdk/LICENSE-MIT", "host/grimoire-log/LICENSE-MIT"]),
];

fn copy_files() -> anyhow::Result<()> {
    let root = crate::root();
    for (original, copies) in COPIES {
        let text =
            fs::read_to_string(root.join(original)).with_context(|| format!("{original} cannot be read"))?;
        for copy in copies {
            let path = root.join(copy);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(&path, &text).with_context(|| format!("{copy} cannot be written"))?;
            println!("{}", path.display());
        }
    }
    Ok(())
}
