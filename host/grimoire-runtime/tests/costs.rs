//! What components just below the limits of the preflight cost to load, each in a process of its own. A drill, because
//! it takes minutes: `cargo test -p grimoire-runtime --test costs -- --ignored drill --nocapture` prints the table of
//! `docs/plugin-safety.md`. `COST=text` chooses rows by a part of their names.

mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use grimoire_ports::plugins::Plugins as _;
use grimoire_runtime::{Options, PluginHost, PluginSource};
use support::guests::{Group, component, nested, section, with_component, with_modules};

/// The variable that names the component for the process which loads it.
const SUBJECT: &str = "COST_OF";
/// What loading any component may take in memory.
const MOST_MEBIBYTES: u64 = 1_024;

#[test]
#[ignore = "a drill: takes minutes, and prints what it measures"]
fn drill_of_components_at_the_limits() {
    let wanted = std::env::var("COST").unwrap_or_default();
    let folder = tempfile::tempdir().expect("a folder");
    let mut above = Vec::new();
    for (name, build) in rows().into_iter().filter(|(name, _)| name.contains(&wanted)) {
        let path = folder.path().join("subject.wasm");
        let component = build();
        std::fs::write(&path, &component).expect("written");
        let (line, mebibytes) = cost_of(&path);
        println!("| {name} | {} KiB | {line} |", component.len() >> 10);
        if mebibytes > MOST_MEBIBYTES {
            above.push((name, mebibytes));
        }
    }
    assert!(above.is_empty(), "above {MOST_MEBIBYTES} MiB: {above:?}");
}

/// Loads a component in a process of its own: seconds, peak memory and outcome as columns, and the peak in MiB.
fn cost_of(path: &Path) -> (String, u64) {
    let this = std::env::current_exe().expect("this program");
    let loaded = Command::new(this)
        .args(["--exact", "load_the_subject", "--ignored", "--nocapture"])
        .env(SUBJECT, path)
        .output()
        .expect("it starts");
    let output = String::from_utf8_lossy(&loaded.stdout);
    let told = output.lines().find_map(|line| line.strip_prefix("COST "));
    let told = told.unwrap_or_else(|| panic!("{output}{}", String::from_utf8_lossy(&loaded.stderr)));
    let mut columns = told.splitn(3, ' ');
    let mut next = || columns.next().expect("three columns");
    let (seconds, mebibytes, outcome) = (next(), next(), next());
    (format!("{seconds} s | {mebibytes} MiB | {outcome}"), mebibytes.parse().expect("a number"))
}

#[test]
#[ignore = "a part of the drill"]
fn load_the_subject() {
    let Some(path) = std::env::var_os(SUBJECT) else { return };
    let start = Instant::now();
    let host =
        PluginHost::start(Options::default(), vec![PluginSource::file("subject", path)]).expect("a host");
    let seconds = start.elapsed().as_secs_f64();
    let outcome = host.current().rejected().pop().map_or("loaded".to_owned(), |problem| problem.detail);
    println!("\nCOST {seconds:.1} {} {outcome}", peak_mebibytes());
}

/// The most memory that this process ever had.
fn peak_mebibytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") >> 10
}

type Row = (String, Box<dyn Fn() -> Vec<u8>>);

fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut row = |name: &str, build: Box<dyn Fn() -> Vec<u8>>| rows.push((name.to_owned(), build));
    row("nothing else: the guest that the others are added to", Box::new(honest));

    // Functions that cross a border, and their values.
    row("border: 850 functions of 18 numbers", Box::new(|| crossing(850, "u8", UTF8, UTF8)));
    for (from, to) in [(UTF8, UTF8), (UTF16, UTF8), (LATIN1, UTF16), (UTF8, LATIN1), (UTF16, LATIN1)] {
        row(
            &format!("border: 74 × 25 texts, {from} to {to}"),
            Box::new(move || crossing(74, &format!("(tuple {})", "string ".repeat(25)), from, to)),
        );
    }
    row(
        "border: 66 × 25 lists",
        Box::new(|| crossing(66, &format!("(tuple {})", "(list u8) ".repeat(25)), UTF8, UTF8)),
    );
    row(
        "border: 8 × 400 options of options",
        Box::new(|| crossing(8, &format!("(tuple {})", "(option (option u8)) ".repeat(400)), UTF8, UTF8)),
    );
    row("border: 8 × 2,000 cases", Box::new(|| crossing_variant(8, 2_000, "")));
    row("border: 8 × 1,000 cases with numbers", Box::new(|| crossing_variant(8, 1_000, " u64")));
    row("border: 1,000 handles", Box::new(|| crossing_resource(1_000)));

    // Parts and definitions.
    row("240 instances of nested components", Box::new(|| with_component(honest(), &nested(15, 2))));
    row(
        "90,000 types of components",
        Box::new(|| definitions(90_000, |index| format!("(type (tuple u8 (tuple {})))", ints(index)))),
    );
    row("90,000 aliases", Box::new(|| aliases(90_000)));
    row(
        "one type of an instance with 900,000 declarations",
        Box::new(|| definitions(1, |_| format!("(type (instance {}))", "(type u8)".repeat(900_000)))),
    );
    row("100 instances of 900 exports", Box::new(|| exported_again(100, 900)));

    // Functions.
    row("65,000 empty functions", Box::new(|| modules(1, &module_of(&"(func)".repeat(65_000)))));
    row("65,000 functions that are exported", Box::new(|| modules(1, &exported(65_000, "i32 i64 f32 f64"))));
    row(
        "1,300 functions of 50,000 locals",
        Box::new(|| {
            let locals = format!("(func (local {}))", "i64 ".repeat(49_999));
            modules(13, &module_of(&locals.repeat(100)))
        }),
    );
    row(
        "1,300 functions of 50,000 locals that are used",
        Box::new(|| {
            let body = format!(
                "(func (local {}) (drop (local.get 7)) (drop (local.get 49998)))",
                "v128 ".repeat(49_999)
            );
            modules(6, &module_of(&body.repeat(100)))
        }),
    );
    for (loops, locals) in [(2_000, 2_000), (100_000, 40), (400, 10_000), (60, 49_000)] {
        row(
            &format!("16 functions of {loops} loops and {locals} locals"),
            Box::new(move || modules(15, &module_of(&tangle(loops, locals)))),
        );
    }
    row(
        "60 functions of 1 MiB: arithmetic",
        Box::new(|| {
            modules(2, &module_of(&body("(drop (f64.nearest (f64.convert_i32_u (i32.const 7))))", 200_000)))
        }),
    );
    row(
        "60 functions of 1 MiB: sums that depend on each other",
        Box::new(|| {
            modules(2, &module_of(&body("(local.set 0 (i32.rem_s (local.get 0) (local.get 0)))", 130_000)))
        }),
    );
    row("2 functions of 1 MiB: vectors", Box::new(|| modules(2, &module_of(&vectors(110_000)))));
    row(
        "60 functions of 1 MiB: memory",
        Box::new(|| {
            modules(
                60,
                &module_of(&format!(
                    "(memory 1) {}",
                    body("(i32.store (i32.load (i32.const 8)) (i32.const 7))", 95_000)
                )),
            )
        }),
    );
    row(
        "60 functions of 1 MiB: calls to the host's library",
        Box::new(|| {
            modules(
                60,
                &module_of(&format!("(memory 1) {}", body("(drop (memory.grow (i32.const 0)))", 200_000))),
            )
        }),
    );
    row(
        "60 functions of 1 MiB: calls",
        Box::new(|| {
            modules(
                60,
                &module_of(&format!(
                    "(func $f (param i32 i32 i32)) {}",
                    body("(call $f (i32.const 0) (i32.const 0) (i32.const 0))", 120_000)
                )),
            )
        }),
    );
    for (what, instruction, times) in [
        ("branches", "(br_if 0 (i32.const 1))", 45_000),
        ("blocks", "(block)", 45_000),
        ("choices", "(if (i32.const 1) (then) (else))", 22_500),
        ("loops", "(loop (br_if 0 (local.get 0)))", 5_000),
        ("indirect calls", "(call_indirect (type $t) (i32.const 0))", 11_250),
    ] {
        row(
            &format!("a function of {times} {what}"),
            Box::new(move || {
                let function = body(instruction, times);
                modules(1, &module_of(&format!("(type $t (func)) (table 1 funcref) {function}")))
            }),
        );
    }
    row(
        "500 functions of 2,000 branches",
        Box::new(|| modules(1, &module_of(&body("(br_if 0 (i32.const 1))", 2_000).repeat(500)))),
    );
    row(
        "60 functions of 1 MiB: tables of branches",
        Box::new(|| {
            let targets = "0 ".repeat(65_000);
            modules(2, &module_of(&format!("(func (param i32) (br_table {targets} (local.get 0)))")))
        }),
    );

    // Everything else of a module.
    row("500 types of 1,000 values", Box::new(|| modules(1, &wide_types(500, 1_000))));
    row("20,000 types of 17 values", Box::new(|| modules(1, &wide_types(20_000, 17))));
    row("90,000 globals", Box::new(|| modules(1, &module_of(&"(global i32 (i32.const 7))".repeat(90_000)))));
    row(
        "a global of 1 MiB of arithmetic",
        Box::new(|| {
            let sum = "(i32.const 1) i32.add ".repeat(340_000);
            modules(1, &module_of(&format!("(global i32 (i32.const 1) {sum})")))
        }),
    );
    row("90,000 exports", Box::new(|| modules(1, &exported_once(90_000))));
    row("90,000 imports", Box::new(|| modules(1, &module_of(&"(import \"\" \"f\" (func))".repeat(90_000)))));
    row("1,000 names of 60,000 bytes", Box::new(|| modules(1, &long_names(1_000))));
    row(
        "90,000 segments of elements",
        Box::new(|| {
            modules(
                1,
                &module_of(&format!(
                    "(table 1 funcref) (func) {}",
                    "(elem (i32.const 0) func 0)".repeat(90_000)
                )),
            )
        }),
    );
    row(
        "130,000 elements",
        Box::new(|| {
            // A passive segment: the number of elements, and for each the index of a function.
            modules(1, &elements(130_000))
        }),
    );
    row("130,000 elements as expressions", Box::new(|| modules(1, &element_expressions(130_000))));
    row(
        "90,000 segments of data over 60 MiB",
        Box::new(|| {
            let mut module = "(memory 960)".to_owned();
            for index in 0..90_000 {
                write!(module, "(data (i32.const {}) \"x\")", index * 690).expect("text grows");
            }
            modules(1, &module_of(&module))
        }),
    );
    row(
        "90,000 segments of data that are passive",
        Box::new(|| modules(1, &module_of(&format!("(memory 1) {}", "(data \"x\")".repeat(90_000))))),
    );
    row("one segment of 60 MiB of data", Box::new(|| modules(1, &data(60 << 20))));
    row(
        "32 tables of 65,536 elements",
        Box::new(|| with_modules(honest(), &[&format!("(module {})", "(table 65536 funcref)".repeat(30))])),
    );
    row(
        "8 memories of 7 MiB",
        Box::new(|| with_modules(honest(), &[&format!("(module {})", "(memory 110) ".repeat(7))])),
    );
    row(
        "60 MiB of names of functions",
        Box::new(|| {
            let mut component = honest();
            section(&mut component, 0, &[b"\x04name".as_slice(), &vec![b'x'; 60 << 20]].concat());
            component
        }),
    );

    rows
}

const UTF8: &str = "utf8";
const UTF16: &str = "utf16";
const LATIN1: &str = "latin1+utf16";

fn honest() -> Vec<u8> {
    component(Group::Matcher, "honest")
}

fn module_of(fields: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {fields})")).expect("a module")
}

/// The guest with copies of a module that is compiled and never instantiated.
fn modules(copies: usize, module: &[u8]) -> Vec<u8> {
    let mut component = honest();
    for _ in 0..copies {
        section(&mut component, 1, module);
    }
    component
}

/// A function of one instruction many times.
fn body(instruction: &str, times: usize) -> String {
    format!("(func (param i32) {})", instruction.repeat(times))
}

fn vectors(times: usize) -> String {
    let one = "(local.set 0 (i8x16.swizzle (i64x2.mul (local.get 0) (local.get 0)) (local.get 0)))";
    format!("(func (local v128) {})", one.repeat(times))
}

/// Loops, and locals that live through all of them.
fn tangle(loops: usize, locals: usize) -> String {
    let mut function = format!("(func (param i32) (local {})", "i32 ".repeat(locals));
    function.push_str(&"(loop (br_if 0 (local.get 0)))".repeat(loops / 2));
    for local in 0..locals {
        write!(function, "(drop (local.get {local}))").expect("text grows");
    }
    function.push(')');
    function
}

fn exported(count: usize, parameters: &str) -> Vec<u8> {
    let mut module = String::new();
    for index in 0..count {
        write!(module, "(func (export \"{index}\") (param {parameters}))").expect("text grows");
    }
    module_of(&module)
}

fn exported_once(count: usize) -> Vec<u8> {
    let mut module = "(func $f)".to_owned();
    for index in 0..count {
        write!(module, "(export \"{index}\" (func $f))").expect("text grows");
    }
    module_of(&module)
}

fn long_names(count: usize) -> Vec<u8> {
    let mut module = "(func $f)".to_owned();
    for index in 0..count {
        write!(module, "(export \"{index:060000}\" (func $f))").expect("text grows");
    }
    module_of(&module)
}

/// Different types of functions: which of their first parameters are 64 bits wide says their number in binary.
fn wide_types(count: usize, parameters: usize) -> Vec<u8> {
    let mut module = String::new();
    for index in 0..count {
        module.push_str("(type (func (param ");
        for bit in 0..17 {
            module.push_str(if index >> bit & 1 == 1 { "i64 " } else { "i32 " });
        }
        module.push_str(&"i32 ".repeat(parameters.saturating_sub(17)));
        module.push_str(")))");
    }
    module_of(&module)
}

/// A number as LEB128.
fn unsigned(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            bytes.push(low & 0x7f);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// A module of one function, and what follows its declaration.
fn binary_module(sections: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    for (id, content) in sections {
        section(&mut module, *id, content);
    }
    module
}

fn elements(count: usize) -> Vec<u8> {
    // One passive segment of functions.
    let segment = [vec![1, 1, 0], unsigned(count), vec![0; count]].concat();
    binary_module(&[(1, vec![1, 0x60, 0, 0]), (3, vec![1, 0]), (9, segment), (10, vec![1, 2, 0, 0x0b])])
}

fn element_expressions(count: usize) -> Vec<u8> {
    // One passive segment of expressions: `ref.func 0`.
    let segment = [vec![1, 5, 0x70], unsigned(count), [0xd2, 0, 0x0b].repeat(count)].concat();
    binary_module(&[(1, vec![1, 0x60, 0, 0]), (3, vec![1, 0]), (9, segment), (10, vec![1, 2, 0, 0x0b])])
}

fn data(bytes: usize) -> Vec<u8> {
    binary_module(&[(11, [vec![1, 1], unsigned(bytes), vec![b'x'; bytes]].concat())])
}

/// A number in binary as types, so that each type is another one.
fn ints(index: usize) -> String {
    (0..17).map(|bit| if index >> bit & 1 == 1 { "u16 " } else { "u32 " }).collect()
}

/// A component with a core module that can be called from outside with any type: it has a memory and an allocator.
const CALLEE: &str = r#"(core module $m
    (memory (export "m") 1)
    (func (export "r") (param i32 i32 i32 i32) (result i32) (i32.const 0))
    (func (export "f") (param i32)))
  (core instance $i (instantiate $m))
  (alias core export $i "m" (core memory $mem))
  (alias core export $i "r" (core func $r))
  (alias core export $i "f" (core func $f))"#;

/// Functions of one type that one component offers and another one calls, in these encodings of text.
fn crossing(count: usize, value: &str, from: &str, to: &str) -> Vec<u8> {
    // Flat values would not be passed in memory.
    let value = format!("(tuple {value} (tuple {}))", "u8 ".repeat(17));
    let (mut offered, mut wanted, mut lowered, mut given) =
        (String::new(), String::new(), String::new(), String::new());
    for index in 0..count {
        write!(
            offered,
            "(func (export \"f{index}\") (param \"x\" {value})
               (canon lift (core func $f) (memory $mem) (realloc $r) string-encoding={to}))"
        )
        .expect("text grows");
        write!(wanted, "(import \"f{index}\" (func $f{index} (param \"x\" {value})))").expect("text grows");
        write!(
            lowered,
            "(core func $c{index} (canon lower (func $f{index}) (memory $mem) string-encoding={from}))"
        )
        .expect("text grows");
        write!(given, "(export \"{index}\" (func $c{index}))").expect("text grows");
    }
    between(&offered, &wanted, &lowered, &given, count, "")
}

/// The same with a variant of many cases, which needs a name.
fn crossing_variant(count: usize, cases: usize, payload: &str) -> Vec<u8> {
    let mut variant = "(variant ".to_owned();
    for case in 0..cases {
        write!(variant, "(case \"c{case}\"{payload}) ").expect("text grows");
    }
    variant.push(')');
    let (mut wanted, mut lowered, mut offered, mut given) =
        (String::new(), String::new(), String::new(), String::new());
    let value = format!("(tuple $v (tuple {}))", "u8 ".repeat(17));
    write!(offered, "(type $w {variant}) (export $v \"v\" (type $w))").expect("text grows");
    write!(wanted, "(type $w {variant}) (import \"v\" (type $v (eq $w)))").expect("text grows");
    for index in 0..count {
        write!(
            offered,
            "(func (export \"f{index}\") (param \"x\" {value})
               (canon lift (core func $f) (memory $mem) (realloc $r)))"
        )
        .expect("text grows");
        write!(wanted, "(import \"f{index}\" (func $f{index} (param \"x\" {value})))").expect("text grows");
        write!(lowered, "(core func $c{index} (canon lower (func $f{index}) (memory $mem)))")
            .expect("text grows");
        write!(given, "(export \"{index}\" (func $c{index}))").expect("text grows");
    }
    between(&offered, &wanted, &lowered, &given, count, "(with \"v\" (type $ai \"v\"))")
}

/// Two components, of which the second calls the functions of the first.
fn between(offered: &str, wanted: &str, lowered: &str, given: &str, count: usize, with: &str) -> Vec<u8> {
    let imports: String = (0..count)
        .map(|index| format!("(import \"\" \"{index}\" (func (param i32)))"))
        .collect::<Vec<_>>()
        .concat();
    let with: String = (0..count)
        .map(|index| format!("(with \"f{index}\" (func $ai \"f{index}\"))"))
        .chain([with.to_owned()])
        .collect();
    let text = format!(
        "(component
           (component $a {CALLEE} {offered})
           (component $b {wanted} {CALLEE} {lowered}
             (core module $user {imports})
             (core instance (instantiate $user (with \"\" (instance {given})))))
           (instance $ai (instantiate $a))
           (instance (instantiate $b {with})))"
    );
    with_component(honest(), &text)
}

/// Resources, each with its constructor, destructor and representation.
fn crossing_resource(count: usize) -> Vec<u8> {
    let (mut resources, mut given, mut imports) = (String::new(), String::new(), String::new());
    for index in 0..count / 3 {
        write!(
            resources,
            "(type $r{index} (resource (rep i32)))
             (core func $n{index} (canon resource.new $r{index}))
             (core func $d{index} (canon resource.drop $r{index}))
             (core func $p{index} (canon resource.rep $r{index}))"
        )
        .expect("text grows");
        for (name, results) in [("n", "(result i32)"), ("d", ""), ("p", "(result i32)")] {
            write!(given, "(export \"{name}{index}\" (func ${name}{index}))").expect("text grows");
            write!(imports, "(import \"\" \"{name}{index}\" (func (param i32) {results}))")
                .expect("text grows");
        }
    }
    let text = format!(
        "(component {resources} (core module $user {imports})
           (core instance (instantiate $user (with \"\" (instance {given})))))"
    );
    with_component(honest(), &text)
}

fn definitions(count: usize, one: impl Fn(usize) -> String) -> Vec<u8> {
    let all: String = (0..count).map(one).collect();
    with_component(honest(), &format!("(component {all})"))
}

fn aliases(count: usize) -> Vec<u8> {
    let all = "(alias export $i \"t\" (type))".repeat(count);
    let text = format!(
        "(component (component $c (type $t u8) (export \"t\" (type $t))) (instance $i (instantiate $c)) {all})"
    );
    with_component(honest(), &text)
}

/// Instances of a component of many exports.
fn exported_again(times: usize, exports: usize) -> Vec<u8> {
    let all: String =
        (0..exports).map(|index| format!("(export \"e{index}\" (type $t))")).collect::<Vec<_>>().concat();
    let text = format!(
        "(component (component $c (type $t u8) {all}) {})",
        "(instance (instantiate $c))".repeat(times)
    );
    with_component(honest(), &text)
}
