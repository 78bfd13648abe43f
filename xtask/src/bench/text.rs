//! Synthetic logs and diffs: mostly irrelevant lines, as in real ones, with errors of many tools among
//! them.

use bytes::Bytes;

use super::random::Random;

/// Number of lines per error.
const LINES_PER_ERROR: usize = 400;
/// Number of bytes per piece, as delivered by a network.
pub(super) const PIECE: usize = 256 << 10;

/// A piece of a log in the form of GitHub's runners, of [`PIECE`] bytes. Pieces differ by their number.
pub(super) fn log_piece(number: usize) -> Bytes {
    let mut random = Random::new((2 << 40) | number as u64);
    let mut log = String::with_capacity(PIECE + 4_096);
    let mut second = number % 3_600;
    while log.len() < PIECE {
        let quiet = LINES_PER_ERROR / 2 + random.below(LINES_PER_ERROR);
        for _ in 0..quiet {
            second = (second + random.below(2)) % 3_600;
            add(&mut log, second, &ordinary_line(&mut random));
        }
        for line in error(&mut random).lines() {
            add(&mut log, second, line);
        }
    }
    let mut log = log.into_bytes();
    log.truncate(PIECE);
    log.into()
}

/// A log of `pieces` pieces.
pub(super) fn log(pieces: usize) -> Vec<Bytes> {
    (0..pieces).map(log_piece).collect()
}

fn add(log: &mut String, second: usize, line: &str) {
    log.push_str(&format!("2026-01-09T23:{:02}:{:02}.0000000Z ", second / 60, second % 60));
    log.push_str(line);
    log.push('\n');
}

fn ordinary_line(random: &mut Random) -> String {
    match random.below(12) {
        0 => format!("   Compiling {} v0.{}.{}", random.word(), random.below(30), random.below(9)),
        1 => format!(
            "\u{1b}[32mPASS\u{1b}[0m src/{}/{}.test.ts ({} ms)",
            random.word(),
            random.word(),
            random.below(900)
        ),
        2 => format!(
            "npm http fetch GET 200 https://registry.example.org/{} {}ms (cache hit)",
            random.word(),
            random.below(400)
        ),
        3 => format!("test {}::tests::{} ... ok", random.word(), random.identifier()),
        4 => format!(
            "tests/test_{}.py::test_{} PASSED   [ {:2}%]",
            random.word(),
            random.identifier(),
            random.below(100)
        ),
        5 => format!("[{}/{}] Building CXX object src/{}.cpp.o", random.below(900), 900, random.word()),
        6 => {
            format!("Downloading {}-{}.tar.gz ({} kB)", random.word(), random.below(20), random.below(9_000))
        }
        7 => "##[group]Run actions/checkout@v4".to_owned(),
        8 => "##[endgroup]".to_owned(),
        9 => format!("INFO  {} - {}", random.identifier(), random.words(7)),
        10 => format!("=== RUN   Test{}", random.identifier()),
        _ => random.words(9),
    }
}

fn error(random: &mut Random) -> String {
    let (name, file, line) = (random.identifier(), random.word(), random.below(900) + 1);
    let column = random.below(80) + 1;
    match random.below(10) {
        0 => format!(
            "error[E0382]: borrow of moved value: `{name}`\n  --> src/{file}.rs:{line}:{column}\n   |\n{line:3} |     {name}.len();\n   |     ^^^^ value borrowed here after move\n"
        ),
        1 => format!(
            "thread '{file}::tests::works' panicked at src/{file}.rs:{line}:{column}:\nassertion `left == right` failed\n  left: {column}\n right: {line}"
        ),
        2 => format!(
            "Traceback (most recent call last):\n  File \"/app/{file}.py\", line {line}, in main\n    {name}()\n  File \"/app/{file}.py\", line {column}, in run\n    raise KeyError('{name}')\nKeyError: '{name}'"
        ),
        3 => format!("app/{file}.py:{line}:{column}: F821 Undefined name `{name}`"),
        4 => format!(
            "src/{file}.ts({line},{column}): error TS2322: Type '{name}' is not assignable to type 'string'."
        ),
        5 => format!(
            "TypeError: Cannot read properties of undefined (reading '{file}')\n    at {file} (/app/src/{file}.js:{line}:{column})\n    at Object.<anonymous> (/app/src/index.js:3:1)"
        ),
        6 => format!(
            "src/{file}.cpp:{line}:{column}: error: use of undeclared identifier '{file}'\n  {name}();\n  ^"
        ),
        7 => format!(
            "panic: runtime error: index out of range [{line}] with length {column}\n\ngoroutine 1 [running]:\nmain.{file}(...)\n\t/app/{file}.go:{line} +0x1d"
        ),
        8 => format!(
            "Exception in thread \"main\" java.lang.IllegalStateException: {name}\n\tat org.example.{file}.run({file}.java:{line})\n\tat org.example.Main.main(Main.java:{column})"
        ),
        _ => format!("::error file=src/{file}.txt,line={line},col={column}::{}", random.words(6)),
    }
}
