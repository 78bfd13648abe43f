//! C: generates the bindings, has a compiler with WASI's C library make a core module, and encodes that as a component.

use std::path::{Path, PathBuf};
use std::process::Command;

use grimoire_ports::PortError;
use wit_bindgen_core::{Files, wit_parser::Resolve};

use super::{Work, encode, tool};
use crate::manifest::Manifest;
use crate::{file_error, invalid, write};

pub(super) fn build(mut work: Work<'_>) -> Result<Vec<u8>, PortError> {
    let compiler = Compiler::find(&work)?;
    let bindings = work.intermediate("bindings");
    let mut inputs = generate(&work, &bindings)?;
    write(&bindings.join("plugin.h"), identity(work.manifest).as_bytes())?;
    inputs.extend(sources(work.folder)?);
    let output = work.intermediate("c.wasm");
    let mut command = compiler.command();
    command
        .args(["-Os", "-s", "-Wall", "-Wextra", "-mexec-model=reactor"])
        .arg("-I")
        .arg(tool::absolute(&bindings)?)
        .args(inputs)
        .arg("-o")
        .arg(tool::absolute(&output)?);
    tool::run(&mut work, &mut command)?;
    encode(&Work::take(&output)?)
}

/// A compiler that includes WASI's C library.
struct Compiler {
    program: PathBuf,
    arguments: &'static [&'static str],
}

impl Compiler {
    fn find(work: &Work<'_>) -> Result<Self, PortError> {
        const ZIG: &[&str] = &["cc", "-target", "wasm32-wasi"];
        const ZIG_OF_PYTHON: &[&str] = &["-m", "ziglang", "cc", "-target", "wasm32-wasi"];
        if let Some(sdk) = std::env::var_os("WASI_SDK_PATH") {
            let program = Path::new(&sdk).join("bin/clang");
            if !program.is_file() {
                return Err(invalid(format!("WASI_SDK_PATH: there is no {}", program.display())));
            }
            return Ok(Self { program, arguments: &["--target=wasm32-wasip1"] });
        }
        if let Some(program) = tool::find(work, &[], "zig") {
            return Ok(Self { program, arguments: ZIG });
        }
        let python = tool::find(work, &[".venv/bin", ".venv/Scripts"], "python");
        let has_zig = |python: &PathBuf| {
            let asked = Command::new(python).args(["-c", "import ziglang"]).output();
            asked.is_ok_and(|output| output.status.success())
        };
        match python.filter(has_zig) {
            Some(program) => Ok(Self { program, arguments: ZIG_OF_PYTHON }),
            None => Err(tool::missing(work, "a C compiler for WebAssembly (zig, or WASI_SDK_PATH)")),
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(self.arguments);
        command
    }
}

/// Writes the bindings of the world. Returns the files to compile and link.
fn generate(work: &Work<'_>, folder: &Path) -> Result<Vec<PathBuf>, PortError> {
    let broken = |error: String| invalid(format!("{}: {error}", work.wit.display()));
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(work.wit).map_err(|error| broken(format!("{error:#}")))?;
    let world = resolve
        .select_world(&[package], Some(work.manifest.world.as_str()))
        .map_err(|error| broken(format!("{error:#}")))?;
    let mut files = Files::default();
    wit_bindgen_c::Opts::default()
        .build()
        .generate(&mut resolve, world, &mut files)
        .map_err(|error| broken(format!("{error:#}")))?;
    let mut inputs = Vec::new();
    for (name, content) in files.iter() {
        let path = folder.join(name);
        write(&path, content)?;
        if Path::new(name).extension().is_none_or(|extension| extension != "h") {
            inputs.push(tool::absolute(&path)?);
        }
    }
    Ok(inputs)
}

/// The header with what the plugin says of itself.
fn identity(manifest: &Manifest) -> String {
    let literal = |text: &str| {
        let mut literal = String::from('"');
        for byte in text.bytes() {
            match byte {
                b'"' | b'\\' => literal.extend(['\\', byte.into()]),
                b' '..=b'~' => literal.push(byte.into()),
                // Three octal digits, so that no digit behind it can belong to it.
                _ => literal.push_str(&format!("\\{byte:03o}")),
            }
        }
        literal + "\""
    };
    let Manifest { name, version, description, .. } = manifest;
    format!(
        "#define PLUGIN_NAME {}\n#define PLUGIN_VERSION {}\n#define PLUGIN_DESCRIPTION {}\n",
        literal(name),
        literal(version),
        literal(description)
    )
}

/// The plugin's own files, by name.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, PortError> {
    let entries = std::fs::read_dir(folder).map_err(|error| file_error(folder, "read", error))?;
    let mut sources: Vec<PathBuf> = entries
        // With `./` in front, no file name can be mistaken for an option of the compiler.
        .filter_map(|entry| Some(Path::new(".").join(entry.ok()?.file_name())))
        .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
        .collect();
    sources.sort();
    if sources.is_empty() {
        return Err(invalid(format!("{} has no file that ends with .c", folder.display())));
    }
    Ok(sources)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_description_is_a_literal_of_c() {
        let manifest = "name = \"a-b\"\nversion = \"0.1.0\"\ndescription = 'Says \"größe\" \\ 1'\nworld = \"analyzer\"\nlanguage = \"c\"\n";
        let header = identity(&Manifest::parse(manifest).expect("a manifest"));
        assert!(
            header.starts_with("#define PLUGIN_NAME \"a-b\"\n#define PLUGIN_VERSION \"0.1.0\"\n"),
            "{header}"
        );
        assert!(
            header.ends_with("#define PLUGIN_DESCRIPTION \"Says \\\"gr\\303\\266\\303\\237e\\\" \\\\ 1\"\n"),
            "{header}"
        );
    }
}
