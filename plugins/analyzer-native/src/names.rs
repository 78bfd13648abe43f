//! Recognises programs and files by their names.

use grimoire_plugin_sdk::text::extension;

/// The name of a program without folder, `.exe`, target and version: `/opt/x/arm-none-eabi-gcc-12` is `gcc`.
pub(crate) fn program(text: &str) -> &str {
    let name = text.rsplit(['/', '\\']).next().unwrap_or(text);
    let name = name.strip_suffix(".exe").unwrap_or(name);
    let name = match name.rsplit_once('-') {
        Some((start, version)) if version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => start,
        _ => name,
    };
    // `ld.lld`, `ld.bfd` and `clang++` are names, the text before the last `-` is a target. `lto-wrapper`
    // and `clang-cl` contain a `-` themselves.
    match name.rsplit_once('-') {
        Some(("wasm", "ld")) => name,
        Some((_, last)) if !matches!(last, "wrapper" | "cl" | "link" | "tidy" | "format" | "lld") => last,
        _ => name,
    }
}

/// The program before the first `: ` and the text after it; a path may contain spaces only if it begins
/// with a drive letter.
pub(crate) fn program_line(text: &str) -> Option<(&str, &str)> {
    let at = memchr_colon(text)?;
    let (path, rest) = text.split_at(at);
    // French puts a space before the colon.
    let path = path.strip_suffix(' ').unwrap_or(path);
    let drive = matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    (!path.is_empty() && path.len() < 512 && (drive || !path.contains(' ')))
        .then(|| (program(path), &rest[2..]))
}

/// The position of the first `: ` that does not belong to a drive.
fn memchr_colon(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let within = &bytes[..bytes.len().min(600)];
    let mut from = 0;
    loop {
        let at = from + within.get(from..)?.iter().position(|&byte| byte == b':')?;
        if bytes.get(at + 1) == Some(&b' ') {
            return Some(at);
        }
        from = at + 1;
    }
}

/// Returns true if a file belongs to the C family or is another input of its compilers.
pub(crate) fn is_native_source(path: &str) -> bool {
    if matches!(
        path,
        "-" | "{standard input}" | "{standard_input}" | "<stdin>" | "<command-line>" | "<built-in>"
    ) {
        return true;
    }
    matches!(
        extension(path),
        "c" | "h"
            | "cc"
            | "hh"
            | "C"
            | "H"
            | "cpp"
            | "hpp"
            | "CPP"
            | "cxx"
            | "hxx"
            | "c++"
            | "h++"
            | "cppm"
            | "ixx"
            | "inl"
            | "inc"
            | "ipp"
            | "tpp"
            | "tcc"
            | "txx"
            | "ino"
            | "m"
            | "mm"
            | "M"
            | "cu"
            | "cuh"
            | "hip"
            | "cl"
            | "S"
            | "s"
            | "asm"
            | "sx"
            | "l"
            | "ll"
            | "y"
            | "yy"
            | "lex"
            | "def"
            | "xpm"
            | "moc"
            | "i"
            | "ii"
            | "pch"
            | "rc"
            | "idl"
            | "ld"
            | "lds"
    ) || is_fortran(path)
        || is_standard_header(path)
}

/// Returns true for Fortran files.
pub(crate) fn is_fortran(path: &str) -> bool {
    let extension = extension(path);
    extension.len() <= 3
        && matches!(
            extension.to_ascii_lowercase().as_str(),
            "f" | "for" | "ftn" | "f77" | "f90" | "f95" | "f03" | "f08" | "f18" | "fpp"
        )
}

/// The C++ standard library's headers have no extension: `/usr/include/c++/13/vector`.
fn is_standard_header(path: &str) -> bool {
    extension(path).is_empty() && is_system(path) && path.contains("/include/")
}

/// Returns true if a file belongs to the compiler, the system or a framework, not to the user.
pub(crate) fn is_system(path: &str) -> bool {
    const STARTS: [&str; 7] = [
        "/usr/include/",
        "/usr/lib/",
        "/usr/lib64/",
        "/usr/bin/",
        "/lib/",
        "/Applications/Xcode",
        "/Library/Developer/",
    ];
    const PARTS: [&str; 9] = [
        "/include/c++/",
        "/lib/gcc/",
        "/lib/clang/",
        "/MSVC/",
        "\\MSVC\\",
        "\\Windows Kits\\",
        "/Windows Kits/",
        "/sysroot/usr/",
        "/bits/",
    ];
    STARTS.iter().any(|start| path.starts_with(start)) || PARTS.iter().any(|part| path.contains(part))
}

/// Returns true if a file belongs to a package that a build tool for devices downloaded: a framework or a library.
pub(crate) fn is_package(path: &str) -> bool {
    const PARTS: [&str; 4] =
        [".platformio/packages/", ".pio/libdeps/", ".arduino15/packages/", "Arduino15/packages/"];
    let path = path.replace('\\', "/");
    PARTS.iter().any(|part| path.contains(part))
}

/// A file that a configuration step compiles as a test, and which is expected to fail.
pub(crate) fn is_probe(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.starts_with("conftest.")
        || name.starts_with("testCCompiler.")
        || name.starts_with("testCXXCompiler.")
        || path.contains("/CMakeFiles/CMakeTmp/")
        || path.contains("/CMakeScratch/")
        || path.contains("meson-private/tmp")
}

#[cfg(test)]
mod tests {
    use super::{program, program_line};

    #[test]
    fn names_programs() {
        for (text, name) in [
            ("/usr/bin/ld", "ld"),
            ("/opt/sdk/bin/arm-none-eabi-g++-12.2", "g++"),
            ("x86_64-w64-mingw32-ld.exe", "ld"),
            ("ld.lld-15", "ld.lld"),
            ("clang++", "clang++"),
            ("lto-wrapper", "lto-wrapper"),
            ("make", "make"),
        ] {
            assert_eq!(program(text), name, "{text}");
        }
        assert_eq!(program_line("C:/Program Files/x/ld.exe: y: z"), Some(("ld", "y: z")));
        assert_eq!(program_line("two words: z"), None);
        assert_eq!(program_line("make[1]: z"), Some(("make[1]", "z")));
    }
}
