//! Builds one plugin: cargo → core module → component with its metadata.

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};
use wit_component::ComponentEncoder;

const TARGET: &str = "wasm32-unknown-unknown";
/// The compiler's flags, besides those that hide the sources' location; the digest of the sources covers them.
pub(super) const FLAGS: [&str; 4] = [
    // Stack size in bytes. Small, so that a fresh instance touches little memory.
    "-Clink-arg=-zstack-size=65536",
    // Initial heap size in bytes: growing the memory costs a system call.
    "-Clink-arg=--initial-heap=65536",
    // Byte searches process 16 bytes at a time, as in native code. Fixed-width vectors are
    // deterministic; the relaxed ones, which need not be, stay off.
    "-Ctarget-feature=+simd128",
    // A call costs more than in native code: every function checks the clock that stops a runaway plugin. About
    // twice the compiler's usual limit made two analyzers a tenth faster, for a quarter more code.
    "-Cllvm-args=-inline-threshold=500",
];

/// The origin of the components' standard library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum StandardLibrary {
    /// Built from the toolchain's source (component `rust-src`).
    Source,
    /// The toolchain's prebuilt one (`rustup target add`).
    Prebuilt,
}

/// Builds plugins of one workspace.
pub(super) struct Builder<'a> {
    root: &'a Path,
    cargo: PathBuf,
    sysroot: PathBuf,
    target_directory: PathBuf,
    standard_library: StandardLibrary,
}

impl<'a> Builder<'a> {
    /// Finds the required tools and reports missing ones.
    pub(super) fn new(root: &'a Path) -> anyhow::Result<Self> {
        let cargo = PathBuf::from(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let output = Command::new(rustc).args(["--print", "sysroot"]).current_dir(root).output()?;
        ensure!(output.status.success(), "rustc does not run: {}", String::from_utf8_lossy(&output.stderr));
        let sysroot = PathBuf::from(String::from_utf8(output.stdout)?.trim());
        let library = sysroot.join("lib/rustlib");
        // Source is preferred: its build has our panic strategy and remapped paths, the same everywhere.
        let standard_library = if library.join("src/rust/library/Cargo.lock").is_file() {
            StandardLibrary::Source
        } else if library.join(TARGET).join("lib").is_dir() {
            StandardLibrary::Prebuilt
        } else {
            bail!(
                "the toolchain can build nothing for {TARGET}: run `rustup component add rust-src` or `rustup target add {TARGET}`"
            );
        };
        let metadata = cargo_metadata::MetadataCommand::new().current_dir(root).no_deps().exec()?;
        let target_directory = metadata.target_directory.into_std_path_buf();
        Ok(Self { root, cargo, sysroot, target_directory, standard_library })
    }

    pub(super) fn standard_library(&self) -> StandardLibrary {
        self.standard_library
    }

    /// The component's bytes.
    pub(super) fn build(&self, name: &str) -> anyhow::Result<Vec<u8>> {
        self.compile(name)?;
        let file = self
            .target_directory
            .join(TARGET)
            .join("plugin")
            .join(format!("{}.wasm", name.replace('-', "_")));
        let core = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let mut component = ComponentEncoder::default()
            .module(&core)
            .and_then(|encoder| encoder.validate(true).encode())
            .map_err(|error| anyhow::anyhow!("{name} makes no component: {error:#}"))?;
        let manifest: toml::Table =
            fs::read_to_string(self.root.join("plugins").join(name).join("Cargo.toml"))?.parse()?;
        let workspace: toml::Table = fs::read_to_string(self.root.join("Cargo.toml"))?.parse()?;
        push_section(&mut component, "component-name", &name_subsection(name));
        for (section, key) in [
            ("version", "version"),
            ("description", "description"),
            ("licenses", "license"),
            ("source", "repository"),
        ] {
            if let Some(value) = package_field(&manifest, &workspace, key) {
                push_section(&mut component, section, value.as_bytes());
            }
        }
        self.refuse_paths(name, &component)?;
        Ok(component)
    }

    fn compile(&self, name: &str) -> anyhow::Result<()> {
        let mut command = Command::new(&self.cargo);
        command
            .current_dir(self.root)
            .args(["rustc", "--quiet", "--locked", "--package", name, "--lib", "--crate-type", "cdylib"])
            .args(["--profile", "plugin", "--target", TARGET])
            .arg("--config")
            .arg(format!("target.{TARGET}.rustflags = {}", self.flags()?))
            // Flags from the environment would change the bytes.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env_remove("CARGO_BUILD_RUSTFLAGS");
        if self.standard_library == StandardLibrary::Source {
            // Building the standard library is unstable; the pinned toolchain makes it safe to rely on.
            command.arg("-Zbuild-std=std,panic_abort").env("RUSTC_BOOTSTRAP", "1");
        }
        let status = command.status().context("cannot run cargo")?;
        ensure!(status.success(), "cargo could not build {name}");
        Ok(())
    }

    /// Paths of this machine that must not be in a component, and their replacements.
    fn places(&self) -> Vec<(PathBuf, &'static str)> {
        let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| {
            let home = env::var_os("HOME").or_else(|| env::var_os("USERPROFILE"))?;
            Some(Path::new(&home).join(".cargo"))
        });
        // The last match wins, so a folder inside another one comes later.
        let mut places: Vec<_> = home.iter().map(|home| (home.clone(), "/cargo")).collect();
        // The folder's name reveals the mirror that the packages came through.
        for sources in home.iter().filter_map(|home| fs::read_dir(home.join("registry/src")).ok()) {
            places.extend(sources.flatten().map(|sources| (sources.path(), "/registry")));
        }
        places.push((self.sysroot.clone(), "/rust"));
        places.push((self.root.to_owned(), "/grimoire"));
        // Cargo resolves symbolic links in some of the paths that it passes to the compiler.
        let resolved: Vec<_> =
            places.iter().filter_map(|(place, name)| Some((place.canonicalize().ok()?, *name))).collect();
        for place in resolved {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }

    fn flags(&self) -> anyhow::Result<String> {
        let mut flags = FLAGS.map(str::to_owned).to_vec();
        for (place, name) in self.places() {
            let place = place.to_str().context("a folder's name is not UTF-8")?;
            flags.push(format!("--remap-path-prefix={place}={name}"));
        }
        Ok(toml::Value::from(flags).to_string())
    }

    fn refuse_paths(&self, name: &str, component: &[u8]) -> anyhow::Result<()> {
        for (place, _) in self.places() {
            let place = place.to_string_lossy();
            let found = component.windows(place.len()).any(|window| window == place.as_bytes());
            ensure!(!found, "{name}: the component holds the path {place} of this machine");
        }
        Ok(())
    }
}

/// A field of a package, inherited from the workspace if necessary.
fn package_field(manifest: &toml::Table, workspace: &toml::Table, key: &str) -> Option<String> {
    let own = manifest.get("package")?.get(key)?;
    match own.as_str() {
        Some(value) => Some(value.to_owned()),
        None => workspace.get("workspace")?.get("package")?.get(key)?.as_str().map(str::to_owned),
    }
}

/// The component's name as the first subsection of the name section.
fn name_subsection(name: &str) -> Vec<u8> {
    let mut content = Vec::new();
    push_text(&mut content, name.as_bytes());
    let mut subsection = vec![0];
    push_text(&mut subsection, &content);
    subsection
}

/// Appends a custom section.
fn push_section(component: &mut Vec<u8>, name: &str, data: &[u8]) {
    let mut content = Vec::new();
    push_text(&mut content, name.as_bytes());
    content.extend_from_slice(data);
    component.push(0);
    push_text(component, &content);
}

/// Bytes preceded by their length, in WebAssembly's encoding.
fn push_text(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut length = bytes.len();
    while length >= 0x80 {
        out.push(u8::try_from(length & 0x7f).expect("seven bits") | 0x80);
        length >>= 7;
    }
    out.push(u8::try_from(length).expect("seven bits"));
    out.extend_from_slice(bytes);
}
