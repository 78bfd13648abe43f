//! Finds reports of builds and tests in C, C++, Fortran and CUDA.
//!
//! | file | input |
//! | --- | --- |
//! | `compiler` | GCC, Clang, clang-tidy, cppcheck and assemblers: location, severity, message, with includes, notes, source |
//! | `driver` | errors of the compiler drivers: options, missing files, `collect2`, NVIDIA's tools |
//! | `linker`, `apple` | ld, gold, lld, mold, modpost; Apple's linker with its lists of symbols |
//! | `msvc` | Microsoft's compiler, linker and helpers; Intel's and NVIDIA's compilers in the same form |
//! | `quoted` | Arm's, TI's, IAR's, IBM's and Oracle's compilers, which put the file in quotes |
//! | `fortran` | gfortran, nvfortran, a program's runtime errors |
//! | `make` | Make, Ninja, SCons: missing rules, and failed recipes as consequences |
//! | `cmake`, `configure`, `meson`, `bazel` | configuration and build files, `pkg-config`, lists of failed tests |
//! | `ctest`, `gtest`, `catch2`, `unit`, `suites` | CTest, GoogleTest, cmocka, Catch2, doctest, Boost.Test, Check, Unity, CppUTest, CppUnit, Qt Test, Automake, lit |
//! | `sanitizer`, `crash` | sanitizers, Valgrind, signals, failed assertions, uncaught exceptions, the loader |
//! | `lint` | cppcheck's old form, cpplint, clang-format, include-what-you-use |
//! | `packages`, `embedded` | vcpkg, Conan, flatpak-builder; west, ESP-IDF, PlatformIO, Arduino, BitBake, qmake |
//! | `latex` | TeX, LaTeX and its packages, latexmk, BibTeX |
//!
//! Every recogniser sees every line and keeps its own state; of two that report the same line, the inbox
//! keeps the better one. Errors that only follow from others are marked as consequences.
#![deny(unsafe_code)]

mod apple;
mod bazel;
mod catch2;
mod cmake;
mod codes;
mod compiler;
mod configure;
mod crash;
mod ctest;
mod driver;
mod embedded;
mod fortran;
mod gtest;
mod inbox;
mod latex;
mod linker;
mod lint;
mod make;
mod meson;
mod msvc;
mod names;
mod packages;
mod quoted;
mod sanitizer;
mod suites;
mod tools;
mod unit;
mod view;
mod words;

use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, Marker, export_analyzer};
use view::View;

/// The analyzer: see the crate's documentation.
#[derive(Debug, Default)]
pub struct Native {
    inbox: inbox::Inbox,
    lines: u64,
    apple: apple::Apple,
    bazel: bazel::Bazel,
    catch2: catch2::Catch2,
    cmake: cmake::Cmake,
    compiler: compiler::Compiler,
    configure: configure::Configure,
    crash: crash::Crash,
    ctest: ctest::Ctest,
    embedded: embedded::Embedded,
    fortran: fortran::Fortran,
    gtest: gtest::Gtest,
    latex: latex::Latex,
    linker: linker::Linker,
    lint: lint::Lint,
    make: make::Make,
    meson: meson::Meson,
    msvc: msvc::Msvc,
    packages: packages::Packages,
    sanitizer: sanitizer::Sanitizer,
    suites: suites::Suites,
    unit: unit::Unit,
}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Native>;

export_analyzer!(Scan);

impl LineAnalyzer for Native {
    const TOOLS: &'static [&'static str] = tools::TOOLS;

    const PROBES: &'static [&'static str] = &[
        ".c:",
        ".cc:",
        ".cpp:",
        ".cxx:",
        ".C:",
        ".h:",
        ".hpp:",
        ".hh:",
        ".hxx:",
        ".ipp:",
        ".inl:",
        ".tcc:",
        ".cu:",
        ".ino:",
        ".m:",
        ".mm:",
        ".S:",
        ".s:",
        ".asm:",
        ".l:",
        ".y:",
        ".f90",
        ".F90",
        ".f:",
        ".for:",
        ".c(",
        ".c\"",
        ".h\"",
        ".cpp\"",
        ".cc(",
        ".cpp(",
        ".cxx(",
        ".h(",
        ".hpp(",
        ".cu(",
        ".rc(",
        "standard input}",
        "<command-line>",
        "/include/c++/",
        "undefined reference",
        "undefined symbol",
        "Undefined symbols",
        "duplicate symbol",
        "multiple definition",
        "collect2",
        "linker command failed",
        "ld: ",
        "ld.exe",
        "ld.lld",
        "lld-link",
        "wasm-ld",
        "mold: ",
        "modpost",
        "LNK1",
        "LNK2",
        "LNK4",
        "Command line error",
        "fatal error C",
        "internal compiler error: ",
        "NMAKE",
        "nvcc",
        "ptxas",
        "nvlink",
        "clang: ",
        "clang++: ",
        "gcc: ",
        "g++: ",
        "cc1",
        "c++: ",
        "f951",
        "emcc: ",
        ": *** ",
        "*** [",
        "*** Error code",
        "make: ",
        "make[",
        "scons: ",
        "ninja: ",
        "FAILED: ",
        "CMake",
        "CMAKE_",
        "could not load cache",
        "configure: ",
        "autoreconf",
        "autom4te: ",
        "automake",
        "libtool",
        "dpkg-",
        "pkg-config",
        "No package '",
        "meson.build",
        "Meson",
        "meson",
        "/BUILD:",
        "BUILD.bazel",
        "WORKSPACE:",
        ".bzl",
        "bazel",
        "Bazel",
        "no such package",
        "no such target",
        "FAILED in ",
        "TIMEOUT in ",
        "Summary of Failures",
        "Test #",
        "tests FAILED",
        "[ RUN ",
        "[  FAILED",
        ": Failure",
        "FAILED:",
        ": failed: ",
        "TEST CASE:",
        "is NOT correct!",
        "[doctest]",
        "test cases:",
        "error: in ",
        ":FAIL",
        ":F:",
        ":E:",
        "FAIL!  :",
        ") line: ",
        "Sanitizer",
        ": runtime error: ",
        "libFuzzer",
        "definitely lost",
        "Invalid read",
        "Invalid write",
        "Invalid free",
        "Mismatched free",
        "uninitialised",
        "Syscall param",
        "Process terminating",
        "Segmentation fault",
        "Aborted",
        "Bus error",
        "Illegal instruction",
        "Floating point exception",
        "breakpoint trap",
        "Abort trap",
        "Killed",
        "target signal",
        "ssertion ",
        "terminate called",
        "libc++abi",
        "shared librar",
        "Library not loaded",
        "Symbol not found",
        "lookup error",
        "(required by ",
        "stack smashing",
        "buffer overflow",
        "free(): ",
        "alloc(): ",
        "double free",
        "corrupted",
        "munmap_chunk",
        "pure virtual",
        "glibc error",
        "At line ",
        "Fortran runtime",
        "NVFORTRAN",
        "(original)",
        "(before formatting)",
        "these lines:",
        "]: (",
        "******** TEST",
        "test-suite.log",
        "# FAIL:",
        "# ERROR:",
        "vcpkg",
        "triplet ",
        "onan",
        "not resolved: ",
        "FATAL ERROR",
        "s   exit status ",
        " Test #",
        " Test  #",
        " Test   #",
        "devicetree",
        "PROVIDES '",
        "Kconfig",
        "west: ",
        "board ID",
        "No board named '",
        "UnknownPackageError",
        "platformio",
        "Nothing to build",
        "resolving FQBN",
        "Error installing",
        "during build: ",
        "Sketch too big",
        "exceeds available space",
        "Project ERROR",
        "failed with exit code",
        "Error: module",
        "LaTeX",
        "atexmk",
        "Undefined control sequence",
        "Emergency stop",
        "File ended while",
        ".tex:",
        ".TEX:",
        ".sty:",
        ".cls:",
        "I couldn't open ",
    ];

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        self.lines = line.number;
        if line.echoed
            || matches!(line.marker, Some(Marker::Debug | Marker::Group | Marker::EndGroup | Marker::Command))
        {
            self.cut();
            return;
        }
        if line.marker == Some(Marker::Error) {
            self.inbox.fail(line.number);
        }
        if line.marker.is_some() {
            // Only an annotation may contain several lines.
            line.text.split('\n').for_each(|text| self.text(&View::new(text, line)));
        } else {
            self.text(&View::new(&line.text, line));
        }
        self.inbox.release(out);
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.cut();
        self.inbox.finish(self.lines, out);
    }
}

impl Native {
    fn text(&mut self, view: &View<'_>) {
        let inbox = &mut self.inbox;
        self.compiler.line(view, inbox);
        driver::line(view, inbox);
        self.linker.line(view, inbox);
        self.apple.line(view, inbox);
        self.msvc.line(view, inbox);
        quoted::line(view, inbox);
        self.fortran.line(view, inbox);
        self.cmake.line(view, inbox);
        self.configure.line(view, inbox);
        self.meson.line(view, inbox);
        self.bazel.line(view, inbox);
        self.catch2.line(view, inbox);
        self.unit.line(view, inbox);
        self.suites.line(view, inbox);
        self.sanitizer.line(view, inbox);
        self.crash.line(view, inbox);
        self.lint.line(view, inbox);
        self.packages.line(view, inbox);
        self.embedded.line(view, inbox);
        self.latex.line(view, inbox);
        self.ctest.line(view, inbox);
        self.make.line(view, inbox);
        // Last, because findings of other recognisers in a passed test are dropped.
        self.gtest.line(view, inbox);
    }

    /// Completes open records: another step begins, or the log ends.
    fn cut(&mut self) {
        let inbox = &mut self.inbox;
        self.gtest.finish(inbox);
        self.compiler.finish(inbox);
        self.linker.finish(inbox);
        self.apple.finish(inbox);
        self.msvc.finish(inbox);
        self.embedded.finish(inbox);
        self.fortran.finish();
        self.cmake.finish(inbox);
        self.configure.finish(inbox);
        self.meson.finish(inbox);
        self.bazel.finish(inbox);
        self.catch2.finish(inbox);
        self.unit.finish(inbox);
        self.suites.finish(inbox);
        self.sanitizer.finish(inbox);
        self.crash.finish(inbox);
        self.latex.finish(inbox);
        self.lint.finish(inbox);
        self.packages.finish(inbox);
        self.ctest.finish(inbox);
        self.make.finish(inbox);
    }
}
